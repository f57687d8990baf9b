import { ParsedRecords } from './parsed-records.ts'

/** Requests being parsed at one time are few, because parsing does not wait. */
const KEPT_MAX = 8

/** Lends out `ParsedRecords`, so that no request has to allocate its columns. */
export class RecordsPool {
  readonly #free: ParsedRecords[] = []

  take(): ParsedRecords {
    return this.#free.pop() ?? new ParsedRecords()
  }

  /** Nobody reads them any more. */
  give(records: ParsedRecords): void {
    if (this.#free.length < KEPT_MAX) this.#free.push(records)
  }
}
