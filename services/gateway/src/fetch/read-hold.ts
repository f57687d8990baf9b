import type { BusError } from '@courant/kernel'
import type { ReadBudget } from './read-budget.ts'
import type { ReadShare } from './read-share.ts'

/** What one request holds of the budget of reads: at first an estimate, then what it really is. */
export class ReadHold {
  readonly #budget: ReadBudget
  readonly #share: ReadShare
  #bytes = 0

  constructor(budget: ReadBudget, share: ReadShare) {
    this.#budget = budget
    this.#share = share
  }

  get bytes(): number {
    return this.#bytes
  }

  /**
   * Holds so many bytes, at once (null) or after a wait of up to `waitMs`, in which it holds
   * nothing. What it resolves to otherwise is why not: THROTTLED or BUSY.
   */
  take(bytes: number, waitMs: number, signal: AbortSignal): Promise<BusError | null> | null {
    if (this.#share.waiting.size === 0 && this.resize(bytes)) return null
    this.release()
    return this.#wait(bytes, waitMs, signal)
  }

  /** Holds so many bytes from now on if there is room, as there always is for less than before. */
  resize(bytes: number): boolean {
    if (bytes > this.#bytes && !this.#budget.fits(this.#share, this.#bytes, bytes)) return false
    this.set(bytes)
    return true
  }

  /** Counts what is in memory already, whether there was room for it or not. */
  set(bytes: number): void {
    const added = bytes - this.#bytes
    this.#bytes = bytes
    if (added !== 0) this.#budget.add(this.#share, added)
  }

  /** Counts at least so many bytes. */
  grow(bytes: number): void {
    if (bytes > this.#bytes) this.set(bytes)
  }

  release(): void {
    this.set(0)
  }

  async #wait(bytes: number, waitMs: number, signal: AbortSignal): Promise<BusError | null> {
    const refusal = await this.#budget.wait(this.#share, bytes, waitMs, signal)
    // Whoever let us in has counted the bytes already: nobody can have taken them in between.
    if (refusal === null) this.#bytes = bytes
    return refusal
  }
}
