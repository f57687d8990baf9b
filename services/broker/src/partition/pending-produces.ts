import { assert, type BusError, type Offset } from '@courant/kernel'

/** An append that waits to be acknowledged. Exactly one of the two is called, once. */
export interface WaitingAppend {
  acknowledge(): void
  fail(error: BusError): void
}

/**
 * Appends of one partition whose acknowledgement waits for the high watermark, in the order of
 * their offsets. Releasing is a walk from the head, so its cost follows what is released.
 */
export class PendingProduces {
  #appends: WaitingAppend[] = []
  /** `#ends[i]` is the offset behind `#appends[i]`: the high watermark that it waits for. */
  #ends: Offset[] = []
  #head = 0

  get count(): number {
    return this.#appends.length - this.#head
  }

  add(end: Offset, append: WaitingAppend): void {
    const last = this.#ends[this.#ends.length - 1]
    assert(last === undefined || end > last, 'appends wait in the order of their offsets')
    this.#ends.push(end)
    this.#appends.push(append)
  }

  /** Adds one that need not come last: a duplicate waits for its original. */
  insert(end: Offset, append: WaitingAppend): void {
    let at = this.#ends.length
    while (at > this.#head && (this.#ends[at - 1] ?? 0) > end) at -= 1
    this.#ends.splice(at, 0, end)
    this.#appends.splice(at, 0, append)
  }

  /** Acknowledges everything below the high watermark. */
  release(highWatermark: Offset): void {
    let end = this.#ends[this.#head]
    while (end !== undefined && end <= highWatermark) {
      this.#appends[this.#head]?.acknowledge()
      this.#head += 1
      end = this.#ends[this.#head]
    }
    this.#compact()
  }

  /** Fails what lies beyond `end`: it has been cut from the log. */
  failBeyond(end: Offset, error: BusError): void {
    const kept = this.#ends.findLastIndex((waiting) => waiting <= end) + 1
    const cut = this.#appends.slice(Math.max(kept, this.#head))
    this.#appends = this.#appends.slice(this.#head, kept)
    this.#ends = this.#ends.slice(this.#head, kept)
    this.#head = 0
    for (const append of cut) append.fail(error)
  }

  /** Fails everything: the partition can no longer tell what becomes of it. */
  failAll(error: BusError): void {
    const appends = this.#appends.slice(this.#head)
    this.#appends = []
    this.#ends = []
    this.#head = 0
    for (const append of appends) append.fail(error)
  }

  #compact(): void {
    if (this.#head === this.#appends.length) {
      if (this.#head === 0) return
      this.#appends = []
      this.#ends = []
      this.#head = 0
    } else if (this.#head > 1_024 && this.#head * 2 > this.#appends.length) {
      this.#appends = this.#appends.slice(this.#head)
      this.#ends = this.#ends.slice(this.#head)
      this.#head = 0
    }
  }
}
