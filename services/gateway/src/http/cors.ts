import type { FastifyReply, FastifyRequest } from 'fastify'

const EXPOSED = 'Request-Id, Retry-After, RateLimit, RateLimit-Policy, Idempotency-Replayed'
const ALLOWED_HEADERS =
  'Authorization, Content-Type, Content-Encoding, Accept, Last-Event-ID, Request-Id, traceparent'
const ALLOWED_METHODS = 'GET, POST, PATCH, DELETE'
const PREFLIGHT_SECONDS = '600'

/**
 * Pages of other origins may call us only when their exact origin was configured; by default none.
 * Credentials travel in a header that a script sets, never in cookies, so `Allow-Credentials` is
 * not sent and a page can use no key that it does not hold.
 */
export class Cors {
  readonly #origins: ReadonlySet<string>

  constructor(origins: readonly string[]) {
    this.#origins = new Set(origins)
  }

  apply(origin: string, reply: FastifyReply): void {
    if (this.#origins.size === 0) return
    reply.header('vary', 'Origin')
    if (!this.#origins.has(origin)) return
    reply.header('access-control-allow-origin', origin)
    reply.header('access-control-expose-headers', EXPOSED)
  }

  /** True when the request was a preflight of an allowed origin and has been answered. */
  answerPreflight(request: FastifyRequest, reply: FastifyReply): boolean {
    const { origin } = request.headers
    const asked = request.headers['access-control-request-method']
    if (request.method !== 'OPTIONS' || asked === undefined) return false
    if (origin === undefined || !this.#origins.has(origin)) return false
    reply.header('access-control-allow-methods', ALLOWED_METHODS)
    reply.header('access-control-allow-headers', ALLOWED_HEADERS)
    reply.header('access-control-max-age', PREFLIGHT_SECONDS)
    void reply.code(204).send()
    return true
  }
}
