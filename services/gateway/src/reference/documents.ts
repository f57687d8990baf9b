import type { RouteDescription } from '../rest/route.ts'
import type { Documents } from '../rest/service/documents.ts'
import { errorsPage } from './errors-page.ts'
import { openApiDocument } from './openapi.ts'
import { referencePage } from './reference-page.ts'

/** Makes what the gateway tells about itself. Once, at start: a request only sends bytes. */
export function makeDocuments(routes: readonly RouteDescription[]): Documents {
  return {
    openApi: JSON.stringify(openApiDocument(routes)),
    reference: referencePage(routes),
    errors: errorsPage(),
  }
}
