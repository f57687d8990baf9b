import type { Problem } from './problem.ts'

/**
 * A request failed. `retriable`: the same request may succeed later. `applied`: what it was to
 * write may be written (`'unknown'`) or is not (`'no'`); a blind repeat is free of duplicates only
 * for `'no'`. https://datatracker.ietf.org/doc/html/rfc9457
 */
export class CourantError extends Error {
  override readonly name: string = 'CourantError'
  /**
   * Stable; see `/docs/errors` of the server. CONNECTION_LOST and TIMED_OUT may be of this side.
   */
  readonly code: string
  /** HTTP status; null where there was no answer. */
  readonly status: number | null
  readonly retriable: boolean
  readonly applied: 'no' | 'unknown'
  readonly retryAfterMs: number | null
  readonly requestId: string | null
  /** The whole problem as the server sent it, with the members that only this code has. */
  readonly problem: Problem | null

  constructor(facts: ErrorFacts, cause?: unknown) {
    super(`${facts.detail} (${facts.code})`, { cause })
    this.code = facts.code
    this.status = facts.status ?? null
    this.retriable = facts.retriable
    this.applied = facts.applied
    this.retryAfterMs = facts.retryAfterMs ?? null
    this.requestId = facts.requestId ?? null
    this.problem = facts.problem ?? null
  }

  static of(problem: Problem): CourantError {
    return new CourantError({ ...problem, problem })
  }
}

interface ErrorFacts {
  readonly code: string
  readonly detail: string
  readonly status?: number
  readonly retriable: boolean
  readonly applied: 'no' | 'unknown'
  readonly retryAfterMs?: number
  readonly requestId?: string
  readonly problem?: Problem
}
