import {
  type BrokerId,
  BusError,
  type PartitionIndex,
  partitionIndex,
  type TopicId,
} from '@courant/kernel'
import type { MetadataCopy, MetadataEvent, Partition as PartitionState } from '@courant/metadata'
import type { Logger } from '@courant/service-kit'
import { Partition } from './partition.ts'
import type { PartitionHost } from './partition-host.ts'
import { NOT_LEADER } from './refusals.ts'
import { RemovedReplicas } from './removed-replicas.ts'
import type { Replica } from './replica.ts'

/** Who fetches for the partitions that follow another broker. */
export interface ReplicaFollower {
  follow(partition: Partition, replica: Replica): void
  unfollow(partition: Partition): void
  /** Fetches for nobody any more. */
  stopAll(): void
}

export interface PartitionRegistryParts extends PartitionHost {
  readonly brokerId: BrokerId
  readonly metadata: MetadataCopy
  readonly fetchers: ReplicaFollower
  readonly log: Logger
}

/**
 * The partitions of this broker: every log of the data directory, and every partition that the
 * metadata places here. What each of them does follows the metadata, but only while this broker's
 * own registration stands (`open`): a leader of an earlier registration serves nothing.
 *
 * A log that the metadata does not mention is kept. Two things delete one: the tombstone of its
 * topic, and a row that has given its replica to others who have everything (`RemovedReplicas`).
 */
export class PartitionRegistry {
  readonly #parts: PartitionRegistryParts
  /** By topic, then by index, so that a look-up on the hot path builds no key. */
  readonly #topics = new Map<string, (Partition | undefined)[]>()
  readonly #removed: RemovedReplicas
  #state: 'open' | 'closed' = 'closed'
  #startingCount = 0

  constructor(parts: PartitionRegistryParts) {
    this.#parts = parts
    this.#removed = new RemovedReplicas(parts)
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
      else for (const state of metadata.partitionsOf(topic as TopicId)) this.#assign(state)
    }
    for (const state of metadata.partitionsOn(brokerId)) this.#assign(state)
    this.#reportStrays()
  }

  /** Serves nothing from now on, whatever the metadata says. */
  close(error: BusError): void {
    this.#state = 'closed'
    this.#removed.keepAll()
    this.#parts.fetchers.stopAll()
    for (const partition of this.all()) partition.refuse(error)
  }

  /** Deletes the log of a replica that is damaged, and fetches all of it anew. */
  async beginAnew(partition: Partition): Promise<void> {
    const { topicId, index } = partition
    this.#parts.fetchers.unfollow(partition)
    try {
      await partition.delete(NOT_LEADER)
    } catch (thrown) {
      this.#reportRemains(partition, thrown)
    }
    const state = this.#parts.metadata.partition(topicId, index)
    const isStillHere = this.#state === 'open' && this.find(topicId, index) === partition
    if (state !== null && isStillHere) this.#assign(state)
  }

  /** Deletes the logs of replicas that were taken away long enough ago. */
  deleteRemoved(): void {
    for (const partition of this.#removed.takeDue()) {
      const { topicId, index } = partition
      this.#topics.get(topicId)?.splice(index, 1, undefined)
      this.#parts.log.info({ topicId, partition: index }, 'deletes a replica that has moved away')
      this.#deleteLog(partition)
    }
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
      for (const partition of this.#of(event.topicId)) this.#refuse(partition)
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
    const isReplica = state.replicas.includes(brokerId)
    if (known === null && !isReplica) return
    const partition = known ?? this.#create(state.topicId, state.partition)
    const { config } = topic
    if (isReplica) this.#removed.keep(partition)
    if (isReplica && state.leader === brokerId) {
      this.#parts.fetchers.unfollow(partition)
      this.#begin(partition, partition.lead({ row: state, config }))
    } else if (isReplica && state.leader !== null) {
      const { leader, leaderEpoch, lastUncleanLeaderEpoch } = state
      const term = { leader, leaderEpoch, lastUncleanLeaderEpoch, config }
      this.#begin(partition, this.#follow(partition, term))
    } else {
      this.#refuse(partition)
      if (!isReplica) this.#removed.add(partition)
    }
  }

  #refuse(partition: Partition): void {
    this.#parts.fetchers.unfollow(partition)
    partition.refuse(NOT_LEADER)
  }

  async #follow(partition: Partition, term: Parameters<Partition['follow']>[0]): Promise<void> {
    const replica = await partition.follow(term)
    if (replica !== null) this.#parts.fetchers.follow(partition, replica)
  }

  /** Notes what keeps a partition from its new role. */
  #begin({ topicId, index }: Partition, beginning: Promise<void>): void {
    this.#startingCount += 1
    beginning
      .catch((thrown: unknown) => {
        const error = BusError.from(thrown)
        if (error.code === 'INTERNAL') throw thrown
        const message =
          error.code === 'FENCED_LEADER_EPOCH'
            ? 'METADATA_ROLLBACK: the metadata is older than the log; the partition is not served'
            : 'a partition can neither lead nor follow'
        this.#parts.log.error({ err: error, topicId, partition: index }, message)
      })
      .finally(() => {
        this.#startingCount -= 1
      })
  }

  #delete(topicId: TopicId): void {
    const partitions = this.#of(topicId)
    this.#topics.delete(topicId)
    for (const partition of partitions) {
      this.#removed.keep(partition)
      this.#deleteLog(partition)
    }
  }

  #deleteLog(partition: Partition): void {
    this.#parts.fetchers.unfollow(partition)
    partition.delete().catch((thrown: unknown) => this.#reportRemains(partition, thrown))
  }

  #reportRemains({ topicId, index }: Partition, thrown: unknown): void {
    const error = BusError.from(thrown)
    if (error.code === 'INTERNAL') throw thrown
    this.#parts.log.error({ err: error, topicId, partition: index }, 'a deleted log remains')
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
