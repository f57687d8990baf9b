import { BusError, limits } from '@courant/kernel'

/**
 * Bytes of unanswered requests of all connections of a server together: each has a bound of its
 * own, but thousands of them at their bounds would be more than a process has. When it is spent,
 * connections read no further until answers give some back, and then go on in turn: one that sends
 * without end must not take all that it gives back itself. Overdrawn by one request at most.
 *
 * Requests that are still arriving count apart: were they to wait for the same bytes, they could
 * all wait for each other.
 */
export class RequestBudget {
  readonly #bytesMax: number
  readonly #partialBytesMax: number
  #bytes = 0
  #partialBytes = 0
  readonly #waiting = new Set<() => void>()
  /** Who was woken and has the word. */
  #woken: (() => void) | null = null
  #wakeScheduled = false

  constructor(
    bytesMax: number = limits.requestBytesInFlightTotalMax,
    partialBytesMax: number = limits.partialRequestBytesTotalMax,
  ) {
    this.#bytesMax = bytesMax
    this.#partialBytesMax = partialBytesMax
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Whether somebody who would wait by this callback may take some now. */
  mayTake(callback: () => void): boolean {
    if (this.#isSpent) return false
    return this.#waiting.size === 0 || this.#woken === callback
  }

  take(bytes: number): void {
    this.#bytes += bytes
  }

  give(bytes: number): void {
    this.#bytes -= bytes
    if (this.#waiting.size === 0 || this.#wakeScheduled || this.#isSpent) return
    this.#wakeScheduled = true
    // Not from here: who gives is in the middle of an answer, and who is woken may answer at once.
    queueMicrotask(() => this.#wake())
  }

  /**
   * Memory for a request in pieces has grown or gone. Throws BUSY when all of them take too much:
   * the connection whose request has grown is to be given up, and its memory with it.
   */
  resizePartial(before: number, now: number): void {
    this.#partialBytes += now - before
    if (now > before && this.#partialBytes > this.#partialBytesMax) {
      throw new BusError('BUSY', 'Requests that are still arriving take too much memory.')
    }
  }

  /** Calls back once, when its turn has come. The same callback waits once. */
  whenGiven(callback: () => void): void {
    this.#waiting.add(callback)
  }

  forget(callback: () => void): void {
    this.#waiting.delete(callback)
  }

  get #isSpent(): boolean {
    return this.#bytes >= this.#bytesMax
  }

  /** In the order of their coming, those included who come to wait meanwhile. */
  #wake(): void {
    this.#wakeScheduled = false
    for (const callback of this.#waiting) {
      if (this.#isSpent) break
      this.#waiting.delete(callback)
      this.#woken = callback
      callback()
    }
    this.#woken = null
  }
}
