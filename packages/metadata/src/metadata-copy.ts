/**
 * This process's copy of the metadata. Reads are look-ups in maps and never wait; the copy moves
 * from version to version as a whole, between two events of the loop, so what is read together
 * belongs together.
 */
import type { ChangeSet, MetadataEntry } from '@courant/api/internal/v1/metadata'
import type { BrokerId, Clock, PartitionIndex, TenantId, TopicId } from '@courant/kernel'
import { MetadataState } from './metadata-state.ts'
import type { ApiKey, Broker, MetadataEvent, Partition, Tenant, Topic } from './model.ts'
import { difference } from './state-difference.ts'
import type { TopicQuery } from './topic-list.ts'
import { VersionWaiters } from './version-waiters.ts'

/** Called after the copy has moved to `version`, with all that changed. It must not throw. */
export type MetadataListener = (events: readonly MetadataEvent[], version: number) => void

/**
 * Of which cluster the copy is, and of which life of it (an operator begins a new one after a
 * restore).
 */
export interface ClusterIdentity {
  readonly clusterId: string
  readonly clusterIncarnation: number
}

export class MetadataCopy {
  #state = new MetadataState()
  #version = 0
  #cluster: ClusterIdentity | null = null
  readonly #waiters: VersionWaiters
  readonly #listeners = new Set<MetadataListener>()

  constructor(clock: Clock) {
    this.#waiters = new VersionWaiters(clock)
  }

  /** 0: nothing has arrived yet. */
  get version(): number {
    return this.#version
  }

  get cluster(): ClusterIdentity | null {
    return this.#cluster
  }

  /** Comparable with a Digest of the control plane at the same version. */
  get digest(): number {
    return this.#state.digest
  }

  tenant(id: TenantId): Tenant | null {
    return this.#state.tenants.get(id) ?? null
  }

  apiKey(keyId: string): ApiKey | null {
    return this.#state.apiKeys.get(keyId) ?? null
  }

  broker(id: BrokerId): Broker | null {
    return this.#state.brokers.get(id) ?? null
  }

  brokers(): Broker[] {
    return [...this.#state.brokers.values()].sort((a, b) => a.brokerId - b.brokerId)
  }

  topicByName(tenant: TenantId, name: string): Topic | null {
    return this.#state.topicsOf(tenant)?.get(name) ?? null
  }

  topicById(id: TopicId): Topic | null {
    return this.#state.topics.get(id)?.topic ?? null
  }

  /** Sorted by name. */
  topicsOf(tenant: TenantId, query: TopicQuery = {}): Topic[] {
    return this.#state.topicsOf(tenant)?.list(query) ?? []
  }

  /** Version of its tombstone, or null. Only a tombstone allows to delete a topic's data. */
  topicDeletedAt(id: TopicId): number | null {
    return this.#state.tombstones.get(id) ?? null
  }

  partition(topic: TopicId, index: PartitionIndex): Partition | null {
    return this.#state.topics.get(topic)?.partitions[index] ?? null
  }

  /** By index; empty for an unknown topic. */
  partitionsOf(topic: TopicId): Partition[] {
    const partitions = this.#state.topics.get(topic)?.partitions ?? []
    return partitions.filter((partition) => partition !== undefined)
  }

  /** All partitions with a replica on the broker. Walks everything: for start and resync only. */
  *partitionsOn(broker: BrokerId): Generator<Partition, void, undefined> {
    for (const { partitions } of this.#state.topics.values()) {
      for (const partition of partitions) {
        if (partition?.replicas.includes(broker)) yield partition
      }
    }
  }

  /** True as soon as the copy has reached `version`, false if it has not within `timeoutMs`. */
  atLeast(version: number, timeoutMs: number): Promise<boolean> {
    if (this.#version >= version) return Promise.resolve(true)
    return this.#waiters.wait(version, timeoutMs)
  }

  /** Returns the function that ends the subscription. */
  onChange(listener: MetadataListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /**
   * Moves forward by one set of changes; one that brings nothing new is ignored. Throws on an entry
   * that cannot be: then the copy has holes, and must be replaced.
   */
  applyChanges(changes: ChangeSet): void {
    if (changes.version <= this.#version) return
    const events: MetadataEvent[] = []
    let applied = this.#version
    try {
      for (const entry of changes.entries) {
        const event = this.#state.apply(entry)
        if (event !== null) events.push(event)
      }
      applied = changes.version
    } finally {
      // Also when an entry could not be understood: listeners hear of what is in the copy.
      this.#moveTo(applied, events)
    }
  }

  /** Replaces everything by the entries of a snapshot. Listeners hear the difference. */
  replace(entries: Iterable<MetadataEntry>, version: number, cluster: ClusterIdentity): void {
    const next = new MetadataState()
    for (const entry of entries) next.apply(entry)
    this.swap(next, version, cluster)
  }

  /** As `replace`, with a state that was filled chunk by chunk. */
  swap(next: MetadataState, version: number, cluster: ClusterIdentity): void {
    const events = [...difference(this.#state, next)]
    this.#state = next
    this.#cluster = cluster
    this.#moveTo(version, events)
  }

  #moveTo(version: number, events: readonly MetadataEvent[]): void {
    this.#version = version
    for (const listener of this.#listeners) listener(events, version)
    this.#waiters.reached(version)
  }
}
