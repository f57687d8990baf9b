/** The public API as the tests call it. */
import { inject } from 'vitest'

export interface Call {
  readonly method: string
  readonly path: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** Of a JSON body; undefined otherwise. */
  // biome-ignore lint/suspicious/noExplicitAny: a test looks at whatever came.
  readonly json: any
}

const JSON_BODY = /^application\/(problem\+)?json/

/**
 * With the key as the credential; none where it is null. A body that is no string is sent as JSON.
 */
export async function call(key: string | null, request: Call): Promise<Answer> {
  const { method, path, body, headers = {} } = request
  const isText = typeof body === 'string'
  const response = await fetch(`${inject('standalone').url}${path}`, {
    method,
    redirect: 'manual',
    headers: {
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: isText ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  const isJson = JSON_BODY.test(response.headers.get('content-type') ?? '')
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: isJson ? JSON.parse(text) : undefined,
  }
}

/** A key of a new tenant. */
export async function newTenant(name: string): Promise<string> {
  const { operatorKey } = inject('standalone')
  const request = { method: 'POST', path: '/v1/tenants', body: { name } }
  const answer = await call(operatorKey, request)
  if (answer.status !== 201) throw new Error(answer.text)
  return answer.json.apiKey
}
