import { CourantError } from '../courant-error.ts'
import type { WrittenRecord } from './written-record.ts'

export type Result = WrittenRecord | CourantError

/** One call of `send`. */
export interface Waiting {
  /** Records as JSON text. */
  readonly records: readonly string[]
  readonly finish: (results: readonly Result[]) => void
}

/** Sends records in one request; a result for each, in order. Never throws. */
export type SendRecords = (records: readonly string[]) => Promise<readonly Result[]>

/** Of one request, unless a single record is larger. A gateway takes 16 MiB. */
const RECORDS_MAX = 5_000
const CHARACTERS_MAX = 1024 * 1024

/**
 * The records that wait for one topic. One request is under way at a time, which keeps their order;
 * what comes meanwhile gathers and goes together in the next, so the slower the server, the larger
 * the requests (no linger is needed).
 */
export class TopicQueue {
  readonly #send: SendRecords
  readonly #waiting: Waiting[] = []
  #isSending = false

  constructor(send: SendRecords) {
    this.#send = send
  }

  add(waiting: Waiting): void {
    this.#waiting.push(waiting)
    if (!this.#isSending) void this.#run()
  }

  async #run(): Promise<void> {
    this.#isSending = true
    // Calls of one turn of the event loop go together.
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const calls = this.#takeCalls()
      const results = await this.#sendAll(calls.flatMap(({ records }) => records))
      let at = 0
      for (const { records, finish } of calls) {
        finish(results.slice(at, at + records.length))
        at += records.length
      }
    }
    this.#isSending = false
  }

  /** Whole calls, as many as fit in a request, at least one. */
  #takeCalls(): Waiting[] {
    let records = 0
    let characters = 0
    const count = this.#waiting.findIndex((call) => {
      records += call.records.length
      characters += call.records.reduce((sum, { length }) => sum + length, 0)
      return records > RECORDS_MAX || characters > CHARACTERS_MAX
    })
    return this.#waiting.splice(0, count === -1 ? this.#waiting.length : Math.max(1, count))
  }

  /**
   * In several requests where one call has too many records. Behind a failure nothing more is
   * tried.
   */
  async #sendAll(records: readonly string[]): Promise<Result[]> {
    const results: Result[] = []
    while (results.length < records.length) {
      const failed = results.find((result) => result instanceof CourantError)
      if (failed !== undefined) {
        results.push(notTried(failed))
        continue
      }
      const part = requestFrom(records, results.length)
      results.push(...(await this.#send(part)))
    }
    return results
  }
}

function requestFrom(records: readonly string[], start: number): readonly string[] {
  let characters = 0
  let end = start
  while (end < records.length && end - start < RECORDS_MAX) {
    characters += records[end]?.length ?? 0
    if (characters > CHARACTERS_MAX && end > start) break
    end++
  }
  return records.slice(start, end)
}

function notTried(failed: CourantError): CourantError {
  return new CourantError({
    code: failed.code,
    detail: `A record before this one failed: ${failed.message}`,
    retriable: failed.retriable,
    applied: 'no',
  })
}
