/** The gateway explains itself: the OpenAPI document and the pages made from the same table. */
import { Type } from 'typebox'
import { publicRoute } from '../define-route.ts'
import type { RouteAnswer } from '../route.ts'
import { JSON_TYPE } from '../samples.ts'

/** What the documents are, once they have been made from the table. */
export interface Documents {
  readonly openApi: string
  /** Pages with the content security policy that lets exactly their own style and script run. */
  readonly reference: Page
  readonly errors: Page
}

export interface Page {
  readonly html: string
  readonly contentSecurityPolicy: string
}

const HTML = 'text/html'

export const openApi = publicRoute({
  method: 'GET',
  path: '/openapi.json',
  operationId: 'getOpenApi',
  tag: 'Service',
  summary: 'Get this API as an OpenAPI 3.1 document',
  description: 'For generators of clients.',
  isolation: 'none',
  responses: {
    200: {
      description: 'The document.',
      content: {
        [JSON_TYPE]: {
          schema: Type.Object({ openapi: Type.String() }),
          example: { openapi: '3.1.0' },
        },
      },
    },
  },
  errors: [],
  handle: ({ documents }) => ({ status: 200, body: documents.openApi }),
})

const page = {
  method: 'GET',
  tag: 'Service',
  description: 'A page for people, complete in itself: it loads nothing from anywhere.',
  isolation: 'none',
  responses: {
    200: {
      description: 'The page.',
      content: { [HTML]: { schema: Type.String(), example: '<!doctype html>' } },
    },
  },
  errors: [],
} as const

export const referencePage = publicRoute({
  ...page,
  path: '/docs',
  operationId: 'getReference',
  summary: 'Read this reference',
  handle: ({ documents }) => htmlAnswer(documents.reference),
})

export const errorsPage = publicRoute({
  ...page,
  path: '/docs/errors',
  operationId: 'getErrorReference',
  summary: 'Read what each error code means',
  handle: ({ documents }) => htmlAnswer(documents.errors),
})

function htmlAnswer({ html, contentSecurityPolicy }: Page): RouteAnswer {
  return {
    status: 200,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': contentSecurityPolicy,
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
    },
    body: html,
  }
}

const LINKS = { name: 'courant', docs: '/docs', openapi: '/openapi.json', ready: '/readyz' }

export const root = publicRoute({
  method: 'GET',
  path: '/',
  operationId: 'getRoot',
  tag: 'Service',
  summary: 'Find the way around',
  description: 'Sends browsers to the reference and tells everyone else where it is.',
  isolation: 'none',
  responses: {
    302: {
      description: 'Where to go from here.',
      content: {
        [JSON_TYPE]: {
          schema: Type.Object({
            name: Type.String(),
            docs: Type.String(),
            openapi: Type.String(),
            ready: Type.String(),
          }),
          example: LINKS,
        },
      },
      headers: { Location: '`/docs`' },
    },
  },
  errors: [],
  handle: () => ({ status: 302, headers: { location: LINKS.docs }, body: LINKS }),
})
