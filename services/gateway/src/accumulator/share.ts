import { assert, type BusError } from '@courant/kernel'

/** Consecutive records of a share that one batch carried. */
export interface Written {
  readonly count: number
  readonly baseOffset: number
  /** The broker's append time, or -1 where the records keep their own timestamps. */
  readonly appendTime: number
}

/**
 * The records of one request for one partition. They may travel in several batches, and succeed as
 * a prefix: after the first failure none of the rest is sent any more. The outcome is decided once,
 * by the last acknowledgement, a failure, or the deadline, whichever comes first; what arrives
 * later changes nothing.
 */
export class Share {
  readonly partition: number
  readonly recordCount: number
  /** Monotonic milliseconds at which the caller stops waiting. */
  readonly deadlineMs: number
  readonly written: Written[] = []
  error: BusError | null = null
  #writtenCount = 0
  readonly #onDecided: () => void

  constructor(partition: number, recordCount: number, deadlineMs: number, onDecided: () => void) {
    assert(recordCount > 0, 'a share has records')
    this.partition = partition
    this.recordCount = recordCount
    this.deadlineMs = deadlineMs
    this.#onDecided = onDecided
  }

  get isDecided(): boolean {
    return this.error !== null || this.#writtenCount === this.recordCount
  }

  /** How many records, from the first, are known to be written. */
  get writtenCount(): number {
    return this.#writtenCount
  }

  acknowledge(written: Written): void {
    if (this.isDecided) return
    this.written.push(written)
    this.#writtenCount += written.count
    assert(this.#writtenCount <= this.recordCount, 'no record is acknowledged twice')
    if (this.isDecided) this.#onDecided()
  }

  fail(error: BusError): void {
    if (this.isDecided) return
    this.error = error
    this.#onDecided()
  }
}
