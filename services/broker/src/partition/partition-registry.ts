import {
  type BrokerId,
  BusError,
  type PartitionIndex,
  partitionIndex,
  type TopicId,
} from '@courant/kernel'
import type { MetadataCopy, MetadataEvent, Partition as PartitionState } from '@courant/metadata'
import type { Logger } from '@courant/service-kit'
import { Partition, type PartitionHost } from './partition.ts'
import { NOT_LEADER } from './refusals.ts'
import { replicaShortage } from './replica-shortage.ts'

export interface PartitionRegistryParts extends PartitionHost {
  readonly brokerId: BrokerId
  readonly metadata: MetadataCopy
  readonly log: Logger
}

/**
 * The partitions of this broker: every log of the data directory, and every partition that the
 * metadata places here. What each of them does follows the metadata, but only while this broker's
 * own registration stands (`open`): a leader of an earlier registration serves nothing.
 *
 * A log that the metadata does not mention is kept; only a tombstone deletes.
 */
export class PartitionRegistry {
  readonly #parts: PartitionRegistryParts
  /** By topic, then by index, so that a look-up on the hot path builds no key. */
  readonly #topics = new Map<string, (Partition | undefined)[]>()
  #state: 'open' | 'closed' = 'closed'
  #startingCount = 0

  constructor(parts: PartitionRegistryParts) {
    this.#parts = parts
    for (const log of parts.directory.partitions()) {
      this.#add(new Partition(parts, { topicId: log.topicId, index: log.partition }, log))
    }
    parts.metadata.onChange((events) => {
      if (this.#state === 'open') for (const event of events) this.#apply(event)
    })
  }

  /** Partitions whose term has not begun to serve yet. */
  get startingCount(): number {
    return this.#startingCount
  }

  find(topic: string, index: number): Partition | null {
    return this.#topics.get(topic)?.[index] ?? null
  }

  *all(): Generator<Partition, void, undefined> {
    for (const partitions of this.#topics.values()) {
      for (const partition of partitions) if (partition !== undefined) yield partition
    }
  }

  /** Follows the metadata from now on, and catches up with what it says already. */
  open(): void {
    const { metadata, brokerId } = this.#parts
    this.#state = 'open'
    for (const topic of this.#topics.keys()) {
      if (metadata.topicDeletedAt(topic as TopicId) !== null) this.#delete(topic as TopicId)
    }
    for (const state of metadata.partitionsOn(brokerId)) this.#assign(state)
    this.#reportStrays()
  }

  /** Serves nothing from now on, whatever the metadata says. */
  close(error: BusError): void {
    this.#state = 'closed'
    for (const partition of this.all()) partition.refuse(error)
  }

  /** Logs of topics that the metadata neither has nor has had deleted. */
  get strayCount(): number {
    const { metadata } = this.#parts
    let count = 0
    for (const topic of this.#topics.keys()) {
      const id = topic as TopicId
      if (metadata.topicById(id) !== null || metadata.topicDeletedAt(id) !== null) continue
      count += this.#of(id).length
    }
    return count
  }

  #apply(event: MetadataEvent): void {
    if (event.kind === 'partition') this.#assign(event.partition)
    else if (event.kind === 'topic') {
      const { topicId, config } = event.topic
      for (const partition of this.#of(topicId)) partition.configure(config)
    } else if (event.kind === 'topicDeleted') this.#delete(event.topicId)
    else if (event.kind === 'topicMissing') {
      for (const partition of this.#of(event.topicId)) partition.refuse(NOT_LEADER)
    }
  }

  #of(topicId: TopicId): Partition[] {
    const partitions = this.#topics.get(topicId) ?? []
    return partitions.filter((partition) => partition !== undefined)
  }

  /** The metadata places a partition: here as the leader, here as a follower, or elsewhere. */
  #assign(state: PartitionState): void {
    const { metadata, brokerId } = this.#parts
    const topic = metadata.topicById(state.topicId)
    if (topic === null) return
    const known = this.find(state.topicId, state.partition)
    if (known === null && !state.replicas.includes(brokerId)) return
    const partition = known ?? this.#create(state.topicId, state.partition)
    if (state.leader !== brokerId) {
      partition.refuse(NOT_LEADER)
      return
    }
    const { leaderEpoch } = state
    const shortage = replicaShortage(state)
    void this.#lead(partition, { leaderEpoch, config: topic.config, replicaShortage: shortage })
  }

  async #lead(partition: Partition, term: Parameters<Partition['lead']>[0]): Promise<void> {
    this.#startingCount += 1
    try {
      await partition.lead(term)
    } catch (thrown) {
      const error = BusError.from(thrown)
      if (error.code === 'INTERNAL') throw thrown
      const { topicId, index } = partition
      const message =
        error.code === 'FENCED_LEADER_EPOCH'
          ? 'METADATA_ROLLBACK: the metadata is older than the log; the partition is not served'
          : 'a partition cannot be led'
      this.#parts.log.error({ err: error, topicId, partition: index }, message)
    } finally {
      this.#startingCount -= 1
    }
  }

  #delete(topicId: TopicId): void {
    const partitions = this.#of(topicId)
    this.#topics.delete(topicId)
    for (const partition of partitions) {
      partition.delete().catch((thrown: unknown) => {
        const error = BusError.from(thrown)
        if (error.code === 'INTERNAL') throw thrown
        this.#parts.log.error({ err: error, topicId }, 'the log of a deleted topic remains')
      })
    }
  }

  #create(topicId: TopicId, index: PartitionIndex): Partition {
    const partition = new Partition(this.#parts, { topicId, index: partitionIndex(index) }, null)
    this.#add(partition)
    return partition
  }

  #add(partition: Partition): void {
    const partitions = this.#topics.get(partition.topicId) ?? []
    partitions[partition.index] = partition
    this.#topics.set(partition.topicId, partitions)
  }

  #reportStrays(): void {
    const { strayCount } = this
    if (strayCount === 0) return
    this.#parts.log.warn({ strayCount }, 'there are logs of unknown topics; they are kept')
  }
}
