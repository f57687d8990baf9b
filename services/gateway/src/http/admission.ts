/**
 * What happens to every request before its body is read, in one hook, because each hook costs as
 * much as the work in it: names, origin, draining, promises we do not make yet, representation, and
 * who is asking. The common case (a key seen before) stays synchronous.
 */
import { BusError, type Random } from '@courant/kernel'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Authenticator } from '../auth/authenticator.ts'
import type { Principal } from '../auth/principal.ts'
import type { Access, RouteDescription } from '../rest/route.ts'
import { negotiate } from './accept.ts'
import type { Cors } from './cors.ts'
import type { Draining } from './draining.ts'
import { traceparentFor } from './request-id.ts'

export interface AdmissionParts {
  readonly authenticator: Authenticator
  readonly cors: Cors
  readonly random: Random
  readonly draining: Draining
}

/** Headers that ask for exactly-once. To ignore one would be to break a promise in silence. */
const UNSUPPORTED_HEADERS = [
  'idempotency-key',
  'producer-id',
  'producer-epoch',
  'producer-sequence',
] as const

type Done = (error?: Error) => void

export class Admission {
  readonly #parts: AdmissionParts

  constructor(parts: AdmissionParts) {
    this.#parts = parts
  }

  admit(request: FastifyRequest, reply: FastifyReply, done: Done): void {
    reply.header('request-id', request.id)
    const { headers } = request
    if (headers['traceparent'] !== undefined) this.#trace(headers['traceparent'], reply)
    if (headers.origin !== undefined) this.#parts.cors.apply(headers.origin, reply)
    const { route } = request.routeOptions.config
    const refusal = this.#refusal(request, reply, route)
    if (refusal !== null) done(refusal)
    else if (route === undefined || route.access === 'public') done()
    else this.#authenticate(request, route, done)
  }

  #trace(given: string | string[] | undefined, reply: FastifyReply): void {
    const traceparent = traceparentFor(given, this.#parts.random)
    if (traceparent !== null) reply.header('traceparent', traceparent)
  }

  #refusal(
    request: FastifyRequest,
    reply: FastifyReply,
    route: RouteDescription | undefined,
  ): BusError | null {
    if (this.#parts.draining.isAnnounced) reply.header('connection', 'close')
    if (this.#parts.draining.hasBegun && route?.access !== 'public') {
      return new BusError('SHUTTING_DOWN', 'This gateway is shutting down; ask another.')
    }
    for (const name of UNSUPPORTED_HEADERS) {
      if (request.headers[name] !== undefined) return notYet(name)
    }
    const { accept } = request.headers
    if (accept === undefined || accept === '*/*' || route === undefined) return null
    const produced = producedBy(route)
    if (produced.length === 0 || negotiate(accept, produced) !== null) return null
    return new BusError('NOT_ACCEPTABLE', `This route answers ${produced.join(' or ')}.`)
  }

  #authenticate(request: FastifyRequest, route: RouteDescription, done: Done): void {
    const { authorization } = request.headers
    const { authenticator } = this.#parts
    const known = authorization === undefined ? null : authenticator.recall(authorization)
    const enter = (principal: Principal): void =>
      done(this.#enter(request, principal, route.access) ?? undefined)
    if (known !== null) enter(known)
    else {
      const address = request.socket.remoteAddress ?? ''
      authenticator.authenticate(authorization, address).then(enter, done)
    }
  }

  /** Whether the principal may use routes of this kind. It is no secret which routes there are. */
  #enter(request: FastifyRequest, principal: Principal, access: Access): BusError | null {
    if (principal.kind !== access) {
      return new BusError('PERMISSION_DENIED', access === 'tenant' ? FOR_TENANTS : FOR_OPERATORS)
    }
    request.principal = principal
    return null
  }
}

const FOR_TENANTS = "This route works inside a tenant: use a tenant's API key, not an operator's."
const FOR_OPERATORS = "This route manages the platform: use an operator's API key."

function notYet(header: string): BusError {
  const detail = `${header} is not implemented yet. Nothing was written; send the request without it.`
  return new BusError('NOT_IMPLEMENTED', detail)
}

const produced = new WeakMap<RouteDescription, readonly string[]>()

/** Media types of the successful answers, most usual first. */
function producedBy(route: RouteDescription): readonly string[] {
  const known = produced.get(route)
  if (known !== undefined) return known
  const types = Object.entries(route.responses).flatMap(([status, { content }]) =>
    Number(status) < 300 ? Object.keys(content ?? {}) : [],
  )
  const unique = [...new Set(types)]
  produced.set(route, unique)
  return unique
}
