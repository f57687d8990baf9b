import { once } from 'node:events'
import {
  type ClientRequest,
  type Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
} from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Connection } from './connection.ts'
import { networkFailure } from './network-failure.ts'
import { type Effect, failureOfAnswer } from './problem.ts'

export interface StreamRequest {
  readonly method: 'GET' | 'POST'
  /** Path and query. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly agent?: HttpAgent
  readonly signal?: AbortSignal
}

/**
 * A request whose body and answer flow at the same time, which fetch does not promise. The body is
 * the caller's to write and end.
 */
export function openRequest({ url, apiKey }: Connection, stream: StreamRequest): ClientRequest {
  const { method, path, headers, agent, signal } = stream
  const open = url.startsWith('https:') ? httpsRequest : httpRequest
  return open(url + path, {
    method,
    headers: { authorization: `Bearer ${apiKey}`, accept: 'application/x-ndjson', ...headers },
    ...(agent === undefined ? {} : { agent }),
    ...(signal === undefined ? {} : { signal }),
  })
}

/** The answer once its head is here. Throws a Failure for anything but 200. */
export async function responseOf(
  request: ClientRequest,
  { url }: Connection,
  effect: Effect,
): Promise<IncomingMessage> {
  try {
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    if (response.statusCode === 200) return response
    throw failureOfAnswer(response.statusCode ?? 0, await problemBody(response), effect)
  } catch (error) {
    throw networkFailure(error, url, effect)
  }
}

/** Beyond this it is no problem document. */
const PROBLEM_CHARACTERS_MAX = 1024 * 1024

async function problemBody(response: IncomingMessage): Promise<unknown> {
  let text = ''
  response.setEncoding('utf8')
  for await (const part of response) {
    text += part
    if (text.length > PROBLEM_CHARACTERS_MAX) return null
  }
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** The lines of a text, a list for each piece that arrives. Line ends are taken off. */
export async function* linesOf(source: AsyncIterable<Buffer | string>): AsyncGenerator<string[]> {
  const decoder = new TextDecoder()
  let begun = ''
  for await (const piece of source) {
    const text = typeof piece === 'string' ? piece : decoder.decode(piece, { stream: true })
    const lines = text.split('\n')
    lines[0] = begun + lines[0]
    begun = lines.pop() ?? ''
    if (lines.length > 0) yield lines
  }
  if (begun !== '') yield [begun]
}
