import { limits, SeededRandom } from '@courant/kernel'
import { KEY_WINDOW_MS } from './key-window.ts'

/** Records a second that a broker walks over for this: some 3 ms of processor time. */
const RECORDS_PER_MS = 20
/** What a look costs however few records there are. */
const RECORDS_OF_A_LOOK = 4
/** No charge reaches further ahead; a clock that does was set back. */
const AHEAD_MS_MAX = 60_000

/** Records of one look, at most. */
export const SAMPLE_MAX = 256

/** Who keeps the heaviest keys of a partition, as the others know it. */
export interface KeyKeeper {
  readonly lastLookMs: number
  /** Gives its memory back. */
  forget(): void
}

/**
 * What the partitions of a broker share to know their heaviest keys: a budget of records a second,
 * places for sketches, and the scratch space of a look.
 */
export class KeySampling {
  /** Of the records of a look: where the key begins (-1: none) and ends, and the record's size. */
  readonly starts = new Int32Array(SAMPLE_MAX)
  readonly ends = new Int32Array(SAMPLE_MAX)
  readonly sizes = new Int32Array(SAMPLE_MAX)
  /** Least recently looked at first. */
  readonly #keepers = new Set<KeyKeeper>()
  readonly #random = new SeededRandom(1)
  #nextMs = 0

  get partitionCount(): number {
    return this.#keepers.size
  }

  /**
   * Chooses one of `bound`, so that no rhythm of the records keeps step with the sample. From a
   * fixed seed: a run that is repeated looks at the same.
   */
  below(bound: number): number {
    return bound === 1 ? 0 : this.#random.below(bound)
  }

  isDue(nowMs: number): boolean {
    const aheadMs = this.#nextMs - nowMs
    return aheadMs <= 0 || aheadMs > AHEAD_MS_MAX
  }

  charge(nowMs: number, records: number): void {
    this.#nextMs = nowMs + (records + RECORDS_OF_A_LOOK) / RECORDS_PER_MS
  }

  /** False without a place: all of them belong to partitions that are written to. */
  takePlace(keeper: KeyKeeper, nowMs: number): boolean {
    if (!this.#keepers.delete(keeper) && this.#keepers.size >= limits.sketchedPartitionsMax) {
      const [oldest] = this.#keepers
      if (oldest === undefined || nowMs - oldest.lastLookMs < 2 * KEY_WINDOW_MS) return false
      this.#keepers.delete(oldest)
      oldest.forget()
    }
    this.#keepers.add(keeper)
    return true
  }

  leave(keeper: KeyKeeper): void {
    this.#keepers.delete(keeper)
  }
}
