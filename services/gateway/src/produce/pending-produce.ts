import { assert, type BusError } from '@courant/kernel'
import type { Share } from '../accumulator/share.ts'

/**
 * A request whose records are in the accumulator: which partition each went to, and what has become
 * of them. `whenDecided` resolves when every record has its outcome.
 */
export class PendingProduce {
  readonly recordCount: number
  /** By partition. */
  readonly shares = new Map<number, Share>()
  /** Partition of each record; null when all went to one. */
  readonly partitions: Int32Array | null
  /** Timestamp of each record; null when none was given, and all have `now`. */
  readonly timestamps: Float64Array | null
  readonly now: number
  #undecidedCount = 0
  #onDecided: (() => void) | null = null

  constructor(
    recordCount: number,
    partitions: Int32Array | null,
    timestamps: Float64Array | null,
    now: number,
  ) {
    this.recordCount = recordCount
    this.partitions = partitions
    this.timestamps = timestamps
    this.now = now
  }

  addShare(share: Share): void {
    this.shares.set(share.partition, share)
    this.#undecidedCount += 1
  }

  /** For the shares' `onDecided`. */
  shareDecided(): void {
    this.#undecidedCount -= 1
    assert(this.#undecidedCount >= 0, 'a share is decided once')
    if (this.#undecidedCount === 0) this.#onDecided?.()
  }

  whenDecided(): Promise<void> {
    if (this.#undecidedCount === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#onDecided = resolve
    })
  }

  /** Records that are known not to be written, or not known to be; none before that is decided. */
  get failedCount(): number {
    let failed = 0
    for (const { error, recordCount, writtenCount } of this.shares.values()) {
      if (error !== null) failed += recordCount - writtenCount
    }
    return failed
  }

  /**
   * Of several errors the one that tells most: an unknown outcome first, then the highest status.
   */
  get worstError(): BusError | null {
    let worst: BusError | null = null
    for (const { error } of this.shares.values()) {
      if (error !== null && (worst === null || weight(error) > weight(worst))) worst = error
    }
    return worst
  }
}

function weight({ facts }: BusError): number {
  return (facts.applied === 'unknown' ? 1_000 : 0) + facts.http
}
