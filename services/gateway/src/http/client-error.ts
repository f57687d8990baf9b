/**
 * What node:http refuses before there is a request: headers that are too large, too slow or not
 * HTTP. Node would answer with a bare status line or cut the connection; we say what was wrong in
 * the same form as everywhere.
 */

import type { IncomingMessage } from 'node:http'
import { BusError } from '@courant/kernel'
import { problemResponse } from './problem.ts'

/** Answers on the raw socket and closes it: what follows on it cannot be understood. */
export function answerClientError(
  error: Error & { code?: string },
  socket: IncomingMessage['socket'],
  requestId: string,
): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
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
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`)
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
