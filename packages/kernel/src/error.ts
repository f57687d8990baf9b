import { type ErrorCode, type ErrorFacts, errorCodes } from './error-codes.ts'

/** One problem with one place of the request. */
export interface FieldViolation {
  /** JSON pointer (RFC 6901) into the body, or `?name` for a query parameter. */
  readonly pointer: string
  readonly detail: string
}

export interface BusErrorOptions {
  readonly cause?: unknown
  /** Facts for the log of this process; they never leave it. */
  readonly internal?: Readonly<Record<string, unknown>>
  readonly retryAfterMs?: number
  readonly violations?: readonly FieldViolation[]
  /** Facts for the caller, as members of the problem: for 416 both ends of the log, for example. */
  readonly extra?: Readonly<Record<string, unknown>>
}

/**
 * An expected failure. `detail` is public: it says what was wrong and what would help, and names
 * nothing that the caller may not know. Whether a retry is safe follows from the code alone.
 */
export class BusError extends Error {
  override readonly name = 'BusError'
  readonly code: ErrorCode
  readonly detail: string
  readonly internal: Readonly<Record<string, unknown>> | undefined
  readonly retryAfterMs: number | undefined
  readonly violations: readonly FieldViolation[]
  readonly extra: Readonly<Record<string, unknown>> | undefined

  constructor(code: ErrorCode, detail: string, options: BusErrorOptions = {}) {
    super(`${code}: ${detail}`, { cause: options.cause })
    this.code = code
    this.detail = detail
    this.internal = options.internal
    this.retryAfterMs = options.retryAfterMs
    this.violations = options.violations ?? []
    this.extra = options.extra
  }

  get facts(): ErrorFacts {
    return errorCodes[this.code]
  }

  /** Total: whatever was thrown becomes a BusError, INTERNAL with its cause if it was none. */
  static from(thrown: unknown): BusError {
    if (thrown instanceof BusError) return thrown
    return new BusError('INTERNAL', 'Something went wrong inside.', { cause: thrown })
  }
}
