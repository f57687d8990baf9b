/** What a failed request is as a CourantError, and whether trying again is safe. */
import { CourantError } from '../courant-error.ts'
import type { Problem } from '../problem.ts'

/** A read changes nothing, and neither does the repeat of an idempotent write. */
export type Effect = 'repeatable' | 'once'

/** No HTTP answer came: nobody knows whether the request arrived. */
export function failureOfNetwork(thrown: unknown): CourantError {
  if (thrown instanceof CourantError) return thrown
  const detail = `The connection broke before the answer: ${messageOf(thrown)}`
  const facts = { code: 'CONNECTION_LOST', detail, retriable: true, applied: 'unknown' } as const
  return new CourantError(facts, thrown)
}

/** An answer that is not 2xx. */
export function failureOfAnswer(status: number, body: unknown): CourantError {
  if (isProblem(body)) return CourantError.of(body)
  // Something between us and a gateway has answered: a proxy, or a balancer without a target.
  const isUpstream = status === 502 || status === 503 || status === 504 || status === 429
  return new CourantError({
    code: `HTTP_${status}`,
    detail: `The server answered ${status} without saying why`,
    status,
    retriable: isUpstream,
    applied: status === 429 || status < 500 ? 'no' : 'unknown',
  })
}

export function isSafeToRepeat(error: CourantError, effect: Effect): boolean {
  return error.retriable && (effect === 'repeatable' || error.applied === 'no')
}

export function isProblem(body: unknown): body is Problem {
  if (typeof body !== 'object' || body === null) return false
  return 'code' in body && 'detail' in body && 'applied' in body && 'retriable' in body
}

/** `fetch` wraps what went wrong. */
function messageOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown)
  return thrown.cause instanceof Error ? messageOf(thrown.cause) : thrown.message
}
