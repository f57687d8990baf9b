/** Errors as `application/problem+json`, with the headers that belong to them. */
import { problemOf } from '@courant/api'
import { BusError, limits } from '@courant/kernel'
import type { FastifyReply } from 'fastify'
import { rateLimitHeaders } from './rate-limit.ts'

export const PROBLEM_TYPE = 'application/problem+json'

/** What a 401 says about how to authenticate. */
const CHALLENGE = 'Bearer realm="courant", Basic realm="courant", charset="UTF-8"'

/** A problem on its way out: the same for a route's reply and for a raw socket. */
export interface ProblemResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Encodes the error. 429 and 503 always say when to come back. */
export function problemResponse(thrown: BusError, requestId: string): ProblemResponse {
  const error = withRetryAfter(thrown)
  const { http } = error.facts
  return {
    status: http,
    headers: {
      'content-type': PROBLEM_TYPE,
      'cache-control': 'no-store',
      'request-id': requestId,
      ...(http === 401 ? { 'www-authenticate': CHALLENGE } : {}),
      ...allow(error),
      ...retryAfter(error),
    },
    body: JSON.stringify(problemOf(error, requestId)),
  }
}

/** Answers a request with the problem. */
export function sendProblem(reply: FastifyReply, error: BusError, requestId: string): void {
  const { status, headers, body } = problemResponse(error, requestId)
  void reply.code(status).headers(headers).serializer(asIs).send(body)
}

/** The whole number of seconds that `Retry-After` and `RateLimit` speak in, rounded up. */
function seconds(milliseconds: number): string {
  return String(Math.ceil(milliseconds / 1000))
}

/** The error, with the time after which to come back where a caller is told to. */
export function withRetryAfter(error: BusError): BusError {
  const throttled = error.facts.http === 429 || error.facts.http === 503
  if (!throttled || error.retryAfterMs !== undefined) return error
  return new BusError(error.code, error.detail, {
    violations: error.violations,
    retryAfterMs: limits.retryAfterMs,
    ...(error.extra === undefined ? {} : { extra: error.extra }),
  })
}

function retryAfter(error: BusError): Record<string, string> {
  if (error.retryAfterMs === undefined) return {}
  const after = seconds(error.retryAfterMs)
  return { 'retry-after': after, ...rateLimitHeaders(error, after) }
}

function allow(error: BusError): Record<string, string> {
  const methods = error.extra?.['allow']
  return Array.isArray(methods) ? { allow: methods.join(', ') } : {}
}

function asIs(body: unknown): string {
  return String(body)
}
