/** The routes, typed by the OpenAPI document. */
import type { paths } from '@courant/api/openapi'
import createClient, { type Client } from 'openapi-fetch'
import type { Settings } from '../options.ts'

export type Api = Client<paths>

export function openApi({ url, apiKey, fetch }: Settings): Api {
  return createClient<paths>({
    baseUrl: url,
    headers: { authorization: `Bearer ${apiKey}` },
    fetch,
  })
}
