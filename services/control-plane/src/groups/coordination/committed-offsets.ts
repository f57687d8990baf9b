import type { PartitionRef } from '@courant/group'

export interface CommittedOffset {
  /** The next offset to read. */
  readonly offset: number
  /** Of the record before it; -1 if unknown. */
  readonly leaderEpoch: number
}

/**
 * The committed offsets of a group as its rows have them. The coordinator is the only one that
 * writes these, so that polls read memory. Without metadata, which may be large.
 */
export class CommittedOffsets {
  readonly #offsets = new Map<string, CommittedOffset>()

  constructor(stored: Iterable<PartitionRef & CommittedOffset>) {
    for (const row of stored) this.set(row)
  }

  /** Null: nothing was ever committed. */
  at({ topicId, partition }: PartitionRef): CommittedOffset | null {
    return this.#offsets.get(`${topicId}/${partition}`) ?? null
  }

  /** Also back: by an administrator. */
  set({ topicId, partition, offset, leaderEpoch }: PartitionRef & CommittedOffset): void {
    this.#offsets.set(`${topicId}/${partition}`, { offset, leaderEpoch })
  }

  /** Never back: by members. */
  raise(row: PartitionRef & CommittedOffset): void {
    const known = this.at(row)
    if (known === null || row.offset > known.offset) this.set(row)
  }

  /** Of a topic that there is no more; its rows went with it. */
  keepOnly(topicIds: ReadonlySet<string>): void {
    for (const key of this.#offsets.keys()) {
      if (!topicIds.has(key.slice(0, key.indexOf('/')))) this.#offsets.delete(key)
    }
  }
}
