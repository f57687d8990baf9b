/**
 * What node:http refuses before there is a request: headers that are too large, too slow or not
 * HTTP. Node would answer with a bare status line or cut the connection; we say what was wrong in
 * the same form as everywhere.
 */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { BusError, type Clock } from '@courant/kernel'
import { closeLingering } from './lingering-close.ts'
import { problemResponse } from './problem.ts'

/** With the answer that node:http is giving on it, as its own handler of these errors reads it. */
type Socket = IncomingMessage['socket'] & { readonly _httpMessage?: ServerResponse | null }

/** Answers on the raw socket and closes it: what follows on it cannot be understood. */
export function answerClientError(
  error: Error & { code?: string },
  socket: Socket,
  requestId: string,
  clock: Clock,
): void {
  if (error.code === 'ECONNRESET' || !socket.writable || isAnswering(socket)) {
    socket.destroy()
    return
  }
  const { status, headers, body } = problemResponse(clientError(error), requestId)
  const lines = [
    `HTTP/1.1 ${status} Refused`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ]
  socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`)
  closeLingering(socket, clock)
}

/**
 * Whether the peer would take what we say for another answer: for a part of one that has begun, or
 * for that of a request which came whole, is carried out, and must not be told `applied` no.
 */
function isAnswering({ _httpMessage: answer }: Socket): boolean {
  return answer != null && (answer.headersSent || answer.req.complete)
}

function clientError(error: Error & { code?: string }): BusError {
  const cause = { cause: error }
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return new BusError('HEADERS_TOO_LARGE', 'URL and headers are larger than the limit.', cause)
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new BusError('REQUEST_TIMEOUT', 'The headers did not arrive in time.', cause)
    default:
      return new BusError('INVALID_ARGUMENT', 'This is not a well-formed HTTP request.', cause)
  }
}
