import type { BrokerId, Clock } from '@courant/kernel'
import { limits } from '@courant/kernel'
import type { MetadataCopy } from '@courant/metadata'
import type { Partition } from './partition.ts'

interface RemovedReplicasParts {
  readonly clock: Clock
  readonly brokerId: BrokerId
  readonly metadata: MetadataCopy
}

/**
 * Logs of partitions that live on without this broker. A log is deleted when for a while every row
 * has said so, and the row that says it has enough replicas in sync without this one: they have all
 * that is committed. Until then it stays, so that who made a mistake, or restores the metadata, can
 * give the partition back (reliability B1.3). A restart begins the while anew.
 */
export class RemovedReplicas {
  readonly #parts: RemovedReplicasParts
  readonly #sinceMs = new Map<Partition, number>()

  constructor(parts: RemovedReplicasParts) {
    this.#parts = parts
  }

  add(partition: Partition): void {
    if (!partition.hasLog || this.#sinceMs.has(partition)) return
    this.#sinceMs.set(partition, this.#parts.clock.monotonicMs())
  }

  keep(partition: Partition): void {
    this.#sinceMs.delete(partition)
  }

  keepAll(): void {
    this.#sinceMs.clear()
  }

  /** Those whose time has come; they are no longer here. */
  takeDue(): Partition[] {
    if (this.#sinceMs.size === 0) return []
    const before = this.#parts.clock.monotonicMs() - limits.removedReplicaKeptMs
    const due = [...this.#sinceMs]
      .filter(([partition, sinceMs]) => sinceMs <= before && this.#isSafeElsewhere(partition))
      .map(([partition]) => partition)
    for (const partition of due) this.#sinceMs.delete(partition)
    return due
  }

  #isSafeElsewhere({ topicId, index }: Partition): boolean {
    const row = this.#parts.metadata.partition(topicId, index)
    if (row === null || row.replicas.includes(this.#parts.brokerId)) return false
    return row.leader !== null && row.inSyncReplicas.length >= row.effectiveMinIsr
  }
}
