/** When the end of one log passed which offset, so that an offset's age is known without a read. */

/** How old what lies behind an offset is. */
export interface OffsetAge {
  readonly ms: number
  /** It was there before the first sample, so that it may be older. */
  readonly isAtLeast: boolean
}

/** How far an age may be wrong, as a share of it, for having forgotten a sample. */
const ERROR_SHARE = 0.25
/** Samples that are added before some are forgotten again. */
const SAMPLES_BEFORE_THINNING = 16

/**
 * Samples of one log's end, by one monotonic clock. The older they are the fewer are kept, so that
 * their number grows with the logarithm of the time that they reach back to, which is all of it.
 */
export class EndHistory {
  /** Two arrays of numbers, which take a third of the memory of objects. */
  #atMs: number[] = []
  #ends: number[] = []
  #thinAt = SAMPLES_BEFORE_THINNING

  /** How many samples it keeps. */
  get size(): number {
    return this.#ends.length
  }

  add(atMs: number, end: number): void {
    // A log that was cut back begins anew from there: what follows was written after this moment.
    while ((this.#ends.at(-1) ?? 0) > end) this.#dropLast()
    // Of a log that rests, the first and the last sample say it all.
    if (this.#ends.at(-1) === end && this.#ends.at(-2) === end) this.#dropLast()
    this.#atMs.push(atMs)
    this.#ends.push(end)
    if (this.size >= this.#thinAt) this.#thinOut(atMs)
  }

  /** Age of the record at `offset`, which lies before the end. Null without any sample. */
  ageOf(offset: number, nowMs: number): OffsetAge | null {
    const after = this.#ends.findIndex((end) => end > offset)
    if (after < 0) return null
    if (after === 0) return { ms: nowMs - this.#timeOf(0), isAtLeast: true }
    const [low, high] = [this.#endOf(after - 1), this.#endOf(after)]
    const [from, to] = [this.#timeOf(after - 1), this.#timeOf(after)]
    const atMs = from + ((offset - low) / (high - low)) * (to - from)
    return { ms: nowMs - atMs, isAtLeast: false }
  }

  /** A sample goes when those beside it are near enough to each other for how old they are. */
  #thinOut(nowMs: number): void {
    let kept = 0
    for (let index = 1; index < this.size - 1; index++) {
      const next = this.#timeOf(index + 1)
      if (next - this.#timeOf(kept) <= ERROR_SHARE * (nowMs - next)) continue
      kept += 1
      this.#move(index, kept)
    }
    this.#move(this.size - 1, kept + 1)
    this.#atMs.length = kept + 2
    this.#ends.length = kept + 2
    this.#thinAt = this.size + SAMPLES_BEFORE_THINNING
  }

  #move(from: number, to: number): void {
    this.#atMs[to] = this.#timeOf(from)
    this.#ends[to] = this.#endOf(from)
  }

  #dropLast(): void {
    this.#atMs.pop()
    this.#ends.pop()
  }

  #timeOf(index: number): number {
    return this.#atMs[index] ?? 0
  }

  #endOf(index: number): number {
    return this.#ends[index] ?? 0
  }
}
