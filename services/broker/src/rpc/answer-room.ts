import { limits } from '@courant/kernel'

/** `late`: it is not in sync, so that nobody waits for it. */
export type Urgency = 'inSync' | 'late'

/** How much of one partition may go into an answer. */
export interface Room {
  readonly maxBytes: number
  readonly first: 'whole' | 'within-limit'
}

/**
 * The bytes of one answer to a follower. Partitions that catch up share one partition's worth of
 * them: an answer is worked on as a whole, and what is in sync would wait for what is not. The
 * first of each kind may bring one batch that is larger than the room, or it would never come.
 */
export class AnswerRoom {
  readonly #bytesMax: number
  #bytes = 0
  #lateBytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Null when it is full. `askedMax` is the most that the follower wants. */
  of(urgency: Urgency, askedMax: number): Room | null {
    const partitionMax = limits.replicaFetchPartitionBytesMax
    const left = this.#bytesMax - this.#bytes
    const own = urgency === 'late' ? Math.min(left, partitionMax - this.#lateBytes) : left
    if (own <= 0) return null
    const used = urgency === 'late' ? this.#lateBytes : this.#bytes
    return {
      maxBytes: Math.min(own, partitionMax, askedMax),
      first: used === 0 ? 'whole' : 'within-limit',
    }
  }

  take(urgency: Urgency, bytes: number): void {
    this.#bytes += bytes
    if (urgency === 'late') this.#lateBytes += bytes
  }
}
