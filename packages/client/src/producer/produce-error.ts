import { CourantError } from '../courant-error.ts'
import type { WrittenRecord } from './written-record.ts'

/**
 * Some records of a `send` were not written, or nobody knows. It has the facts of the worst of
 * them: `applied: 'unknown'` before `'no'`.
 */
export class ProduceError extends CourantError {
  override readonly name = 'ProduceError'
  /** In the order of the messages: where it was written, or why it was not. */
  readonly results: readonly (WrittenRecord | CourantError)[]

  constructor(results: readonly (WrittenRecord | CourantError)[]) {
    const errors = results.filter((result) => result instanceof CourantError)
    const worst = errors.find(({ applied }) => applied === 'unknown') ?? errors[0]
    if (worst === undefined) throw new TypeError('nothing has failed')
    const { code, retriable, applied, status, problem } = worst
    super(
      {
        code,
        retriable,
        applied,
        detail: `${errors.length} of ${results.length} records failed, first: ${worst.message}`,
        ...(status === null ? {} : { status }),
        ...(problem === null ? {} : { problem }),
      },
      worst,
    )
    this.results = results
  }
}
