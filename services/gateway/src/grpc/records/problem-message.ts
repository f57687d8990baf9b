import { Applied, type Problem } from '@courant/api/v1/problem'
import type { BusError } from '@courant/kernel'

/** The fate of one item where the call goes on. */
export function problemMessage(error: BusError): Problem {
  const { retriable, applied } = error.facts
  return {
    code: error.code,
    detail: error.detail,
    retriable,
    applied: applied === 'no' ? Applied.APPLIED_NO : Applied.APPLIED_UNKNOWN,
    retryAfterMs: error.retryAfterMs,
    errors: error.violations.map(({ pointer, detail }) => ({ pointer, detail })),
  }
}
