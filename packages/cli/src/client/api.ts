import type { paths } from '@courant/api/openapi'
import createClient, { type Client } from 'openapi-fetch'
import type { Connection } from './connection.ts'
import { networkFailure } from './network-failure.ts'
import { type Effect, failureOfAnswer } from './problem.ts'

export type Api = Client<paths>

interface Answer<Data> {
  readonly data?: Data
  readonly error?: unknown
  readonly response: Response
}

/** The routes with plain JSON in and out. Their types come from the OpenAPI document. */
export function openApi({ url, apiKey }: Connection): Api {
  return createClient<paths>({ baseUrl: url, headers: { authorization: `Bearer ${apiKey}` } })
}

/** What was answered, or a Failure that says why not and whether to try again. */
export async function answered<Data>(
  url: string,
  effect: Effect,
  call: Promise<Answer<Data>>,
): Promise<Data> {
  let answer: Answer<Data>
  try {
    answer = await call
  } catch (error) {
    throw networkFailure(error, url, effect)
  }
  const { data, error, response } = answer
  if (!response.ok) throw failureOfAnswer(response.status, error, effect)
  // Routes without a body answer 204, and their type says so.
  return data as Data
}
