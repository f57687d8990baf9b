/**
 * What PostgreSQL and its driver say, in the words of our error table. The one place that reads
 * SQLSTATE.
 */
import { BusError, limits } from '@courant/kernel'

/**
 * - `conflict`: two transactions met; this one was rolled back, and a repeat may succeed.
 * - `away`: no answer can be had from this connection, or from the server at all.
 * - `slow`: the server gave up (waiting for a lock, out of memory or disk) and rolled back.
 * - `input`: a text with a NUL, which PostgreSQL cannot hold.
 * - `incarnation`: an operator has begun a new incarnation of the cluster that we do not know yet.
 * - `rollback`: it is older than what somebody has seen of it: an old backup was restored (B1.2).
 * - `unconfirmed`: its server has just started, and the brokers have not said yet what they know.
 * - `defect`: anything else. Bad input is checked before it reaches SQL, so this is our mistake.
 */
export type DatabaseFailure =
  | 'conflict'
  | 'away'
  | 'slow'
  | 'input'
  | 'incarnation'
  | 'rollback'
  | 'unconfirmed'
  | 'defect'

/** Classes and codes: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const FAILURES: readonly (readonly [RegExp, DatabaseFailure])[] = [
  [/^(40001|40P01)$/, 'conflict'],
  // Connection exceptions, too many connections, shutting down or starting up, a standby.
  [/^(08...|53300|57P0[1-5]|25006)$/, 'away'],
  [/^(E[A-Z_]+)$/, 'away'],
  [/^(57014|55P03|25P0[34]|53[124]00)$/, 'slow'],
  [/^22021$/, 'input'],
  // Raised by courant.require_current.
  [/^CR001$/, 'incarnation'],
  [/^CR002$/, 'rollback'],
  [/^CR003$/, 'unconfirmed'],
]

/** Errors of the driver itself have no code. */
const DRIVER_MESSAGES = /^(Connection terminated|Client (has|was)|timeout exceeded|Query read tim)/

export function failureOf(error: unknown): DatabaseFailure {
  const { code, message } = innermost(error)
  if (code === '') return DRIVER_MESSAGES.test(message) ? 'away' : 'defect'
  return FAILURES.find(([pattern]) => pattern.test(code))?.[1] ?? 'defect'
}

/** For a transaction that was certainly not committed. */
export function rolledBack(cause: unknown): BusError {
  switch (failureOf(cause)) {
    case 'away':
      return unavailable('The database cannot be reached.', cause)
    case 'slow':
      return unavailable('The database did not answer in time.', cause)
    case 'conflict':
      return unavailable('Too many changes are made at the same time.', cause)
    case 'input':
      return new BusError('INVALID_ARGUMENT', 'A text contains a NUL character.', { cause })
    case 'incarnation':
      return unavailable('The cluster has just begun a new incarnation.', cause)
    case 'rollback':
      return metadataRollback(cause)
    case 'unconfirmed':
      return unavailable(UNCONFIRMED, cause)
    default:
      return BusError.from(cause)
  }
}

/** What is decided on the ground of an old backup could contradict what was acknowledged (B1.2). */
export function metadataRollback(cause?: unknown): BusError {
  const detail =
    'The database is older than what the cluster has seen of it: an old backup was restored. Nothing ' +
    'is decided until an operator has put the right one back, or goes on with this one: ' +
    '`courant cluster restore` says what that would lose.'
  return new BusError('METADATA_ROLLBACK', detail, { cause })
}

export const UNCONFIRMED =
  'The database has just started. Nothing is decided before the brokers have said what they know of it.'

/** For a transaction whose COMMIT was sent and not answered. */
export function unknownOutcome(cause: unknown): BusError {
  return new BusError('CONNECTION_LOST', 'The database went away while it committed.', { cause })
}

function unavailable(detail: string, cause: unknown): BusError {
  const options = { cause, retryAfterMs: limits.retryAfterMs }
  return new BusError('CONTROL_PLANE_UNAVAILABLE', detail, options)
}

/** Below the wrapper of the query builder. */
function innermost(error: unknown): { readonly code: string; readonly message: string } {
  if (!(error instanceof Error)) return { code: '', message: String(error) }
  if (error.cause instanceof Error) return innermost(error.cause)
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  return { code, message: error.message }
}
