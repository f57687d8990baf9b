/** The one place where what fastify and node:http throw becomes an error of our table. */
import { BusError } from '@courant/kernel'

/** Total: a BusError stays, a framework's refusal finds its code, anything else is INTERNAL. */
export function busErrorOf(thrown: unknown): BusError {
  if (thrown instanceof BusError) return thrown
  const status = statusOf(thrown)
  const cause = { cause: thrown }
  switch (status) {
    case 400:
      return new BusError('INVALID_ARGUMENT', 'The request is malformed.', cause)
    case 404:
      return new BusError('ROUTE_NOT_FOUND', 'There is no such route.', cause)
    case 408:
      return new BusError('REQUEST_TIMEOUT', 'The request did not arrive in time.', cause)
    case 413:
      return new BusError('PAYLOAD_TOO_LARGE', 'The body is larger than the limit.', cause)
    case 415:
      return new BusError('UNSUPPORTED_MEDIA_TYPE', 'The content type is not supported.', cause)
    default:
      return BusError.from(thrown)
  }
}

function statusOf(thrown: unknown): number {
  if (typeof thrown !== 'object' || thrown === null) return 500
  const candidate: { statusCode?: unknown } = thrown
  return typeof candidate.statusCode === 'number' ? candidate.statusCode : 500
}
