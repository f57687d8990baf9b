import type { BusError, FieldViolation } from '@courant/kernel'

/** `application/problem+json` (RFC 9457) with the members that every Courant problem has. */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly code: string
  readonly retriable: boolean
  readonly applied: 'no' | 'unknown'
  readonly requestId?: string
  readonly retryAfterMs?: number
  readonly errors?: readonly FieldViolation[]
  readonly [extra: string]: unknown
}

/**
 * What the caller is told. `internal` and `cause` stay here. The facts of `extra` come first, so
 * that none of them can pass itself off as a member of the problem.
 */
export function problemOf(error: BusError, requestId?: string): Problem {
  const { http, title, retriable, applied } = error.facts
  return {
    ...error.extra,
    type: `/docs/errors#${error.code}`,
    title,
    status: http,
    detail: error.detail,
    code: error.code,
    retriable,
    applied,
    ...(requestId === undefined ? {} : { requestId }),
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
    ...(error.violations.length === 0 ? {} : { errors: error.violations }),
  }
}
