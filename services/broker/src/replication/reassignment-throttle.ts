import type { BrokerId, Clock } from '@courant/kernel'
import type { MetadataCopy } from '@courant/metadata'
import type { Partition } from '../partition/partition.ts'
import type { Replica } from '../partition/replica.ts'
import type { Traffic } from '../partition/traffic.ts'
import { type Go, ThrottledQueue } from './throttled-queue.ts'

export interface ReassignmentThrottleParts {
  readonly clock: Clock
  readonly metadata: MetadataCopy
  readonly brokerId: BrokerId
  readonly traffic: Traffic
}

/**
 * Keeps what this broker fetches for partitions that are being added to it within the cluster's
 * `reassignment_bytes_per_second` (KIP-73).
 *
 * It is the follower's alone. KIP-73 limits leaders too, where each broker has a limit of its own;
 * here all have the same from the metadata, and a leader gives at most that times the brokers that
 * partitions move to. Whoever is in sync never waits here, nor who lacks nothing that is committed:
 * it is about to be in sync, and appends may wait for it already.
 */
export class ReassignmentThrottle {
  readonly #parts: ReassignmentThrottleParts
  readonly #queue: ThrottledQueue<Partition>

  constructor(parts: ReassignmentThrottleParts) {
    this.#parts = parts
    const { clock, metadata, brokerId, traffic } = parts
    this.#queue = new ThrottledQueue(clock, () => this.#bytesPerSecond)
    traffic.throttledPartitions = () => this.#queue.size
    metadata.onChange((events) => {
      for (const event of events) {
        if (event.kind === 'broker' && event.broker.brokerId === brokerId) this.#queue.serve()
      }
    })
  }

  /** Whether the partition's next fetch has to wait for its turn. */
  holds(partition: Partition, replica: Replica): boolean {
    return this.#bytesPerSecond > 0 && replica.isBehind && this.#isAdded(partition)
  }

  wait(partition: Partition, go: Go): void {
    this.#queue.add(partition, go)
  }

  forget(partition: Partition): void {
    this.#queue.remove(partition)
  }

  forgetAll(): void {
    this.#queue.clear()
  }

  /** A fetch has brought so many bytes; `bytesMax` is null for one that did not wait. */
  settle(partition: Partition, bytesMax: number | null, bytes: number): void {
    if (this.#isAdded(partition)) this.#parts.traffic.reassignedInBytes += bytes
    if (bytesMax !== null) this.#queue.giveBack(bytesMax - bytes)
  }

  get #bytesPerSecond(): number {
    const { metadata, brokerId } = this.#parts
    return metadata.broker(brokerId)?.reassignmentBytesPerSecond ?? 0
  }

  #isAdded({ topicId, index }: Partition): boolean {
    const { metadata, brokerId } = this.#parts
    const row = metadata.partition(topicId, index)
    if (row === null || !row.addingReplicas.includes(brokerId)) return false
    return !row.inSyncReplicas.includes(brokerId)
  }
}
