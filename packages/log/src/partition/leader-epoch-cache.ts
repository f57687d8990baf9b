import { assert, type LeaderEpoch, type Offset } from '@courant/kernel'

/** Where one leader's term begins in the log. */
export interface EpochStart {
  readonly epoch: LeaderEpoch
  readonly offset: Offset
}

const NO_EPOCH = -1 as LeaderEpoch
const NO_STARTS: readonly EpochStart[] = []

/**
 * Which leader epoch wrote which offsets: ascending in both, derived from the log. An epoch without
 * a record stands in it too, or a follower that saw the epoch could not be told where it ended.
 */
export class LeaderEpochCache {
  #starts: readonly EpochStart[]

  constructor(starts: readonly EpochStart[] = NO_STARTS) {
    this.#starts = starts.length === 0 ? NO_STARTS : starts
  }

  get latest(): LeaderEpoch {
    return this.#starts[this.#starts.length - 1]?.epoch ?? NO_EPOCH
  }

  /** Where the latest epoch begins; -1 while there is none. */
  get latestStart(): number {
    return this.#starts[this.#starts.length - 1]?.offset ?? -1
  }

  /** The starts that lie at or below `end`. */
  startsUpTo(end: Offset): readonly EpochStart[] {
    return this.#starts.filter((start) => start.offset <= end)
  }

  /** Notes the beginning of an epoch; one that is not newer than the latest is known already. */
  begin(epoch: LeaderEpoch, offset: Offset): void {
    if (epoch <= this.latest) return
    const last = this.#starts[this.#starts.length - 1]
    assert(last === undefined || offset >= last.offset, 'epochs begin in the order of offsets')
    this.#starts = [...this.#starts, { epoch, offset }]
  }

  /** The epoch of the record at `offset`. */
  epochAt(offset: Offset): LeaderEpoch {
    for (let index = this.#starts.length - 1; index >= 0; index -= 1) {
      const start = this.#starts[index]
      if (start !== undefined && start.offset <= offset) return start.epoch
    }
    return NO_EPOCH
  }

  /** The largest epoch up to `epoch`, and where it ends. Null when the log knows none that old. */
  endOffsetFor(
    epoch: LeaderEpoch,
    logEnd: Offset,
  ): { readonly epoch: LeaderEpoch; readonly end: Offset } | null {
    const index = this.#starts.findLastIndex((start) => start.epoch <= epoch)
    const found = this.#starts[index]
    if (found === undefined) return null
    return { epoch: found.epoch, end: this.#starts[index + 1]?.offset ?? logEnd }
  }

  /** Forgets the epochs that begin at `end` or behind it: their records are gone. */
  truncateTo(end: Offset): void {
    if (this.#starts.some((start) => start.offset >= end)) {
      this.#starts = this.#starts.filter((start) => start.offset < end)
    }
  }

  clear(): void {
    this.#starts = NO_STARTS
  }

  /** Forgets the epochs that ended at `logStart` or before. */
  trimTo(logStart: Offset): void {
    const first = this.#starts.findLastIndex((start) => start.offset <= logStart)
    if (first > 0) this.#starts = this.#starts.slice(first)
  }
}
