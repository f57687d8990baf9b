/**
 * One state of the copy: maps, and how an entry changes them. Entries may come twice or late, since
 * a newer one always replaces an older one and never the other way round.
 */
import type { Deleted, MetadataEntry } from '@courant/api/internal/v1/metadata'
import {
  assert,
  type BrokerId,
  brokerId,
  type TenantId,
  type TopicId,
  topicId,
} from '@courant/kernel'
import { decodeApiKey, decodeBroker, decodePartition, decodeTenant, decodeTopic } from './decode.ts'
import { DigestSum, type EntryKind } from './digest.ts'
import { Interner } from './interner.ts'
import type { ApiKey, Broker, MetadataEvent, Partition, Tenant, Topic } from './model.ts'
import { TopicList } from './topic-list.ts'

interface TopicState {
  topic: Topic
  /** By index. A hole is a partition whose entry has not come yet. */
  readonly partitions: (Partition | undefined)[]
}

export class MetadataState {
  readonly tenants = new Map<TenantId, Tenant>()
  readonly apiKeys = new Map<string, ApiKey>()
  readonly brokers = new Map<BrokerId, Broker>()
  readonly topics = new Map<TopicId, TopicState>()
  /** Version of the tombstone of each deleted topic. */
  readonly tombstones = new Map<TopicId, number>()
  readonly #lists = new Map<TenantId, TopicList>()
  readonly #digest = new DigestSum()
  readonly #intern = new Interner()

  get digest(): number {
    return this.#digest.value
  }

  topicsOf(tenant: TenantId): TopicList | null {
    return this.#lists.get(tenant) ?? null
  }

  /**
   * Applies one entry and returns what it changed, or null if it is not newer than what is here.
   */
  apply(entry: MetadataEntry): MetadataEvent | null {
    const { version, key, value } = entry
    switch (value?.$case) {
      case 'tenant':
        return this.#setTenant(decodeTenant(value.value, version, this.#intern))
      case 'apiKey':
        return this.#setApiKey(decodeApiKey(value.value, version, this.#intern))
      case 'topic':
        return this.#setTopic(decodeTopic(value.value, version, this.#intern))
      case 'partition': {
        const topic = this.topics.get(topicId(value.value.topicId))
        if (topic === undefined) return this.#partitionWithoutTopic(value.value.topicId)
        const partition = decodePartition(value.value, topic.topic, version, this.#intern)
        return this.#setPartition(topic, partition)
      }
      case 'broker':
        return this.#setBroker(decodeBroker(value.value, version))
      case 'deleted':
        return this.#delete(value.value, key, version)
      default:
        // A kind of a newer version. The digest will differ, and resync will not help; the server
        // leaves out of the digest what it knows an old receiver cannot hold.
        return null
    }
  }

  #setTenant(tenant: Tenant): MetadataEvent | null {
    const known = this.tenants.get(tenant.tenantId)
    if (!this.#replace('tenant', tenant.tenantId, known, tenant)) return null
    this.tenants.set(tenant.tenantId, tenant)
    return { kind: 'tenant', tenant }
  }

  #setApiKey(apiKey: ApiKey): MetadataEvent | null {
    const known = this.apiKeys.get(apiKey.keyId)
    if (!this.#replace('api_key', apiKey.keyId, known, apiKey)) return null
    this.apiKeys.set(apiKey.keyId, apiKey)
    return { kind: 'apiKey', apiKey }
  }

  #setBroker(broker: Broker): MetadataEvent | null {
    const known = this.brokers.get(broker.brokerId)
    if (!this.#replace('broker', String(broker.brokerId), known, broker)) return null
    this.brokers.set(broker.brokerId, broker)
    return { kind: 'broker', broker }
  }

  #setTopic(topic: Topic): MetadataEvent | null {
    if ((this.tombstones.get(topic.topicId) ?? 0) >= topic.version) return null
    const known = this.topics.get(topic.topicId)
    if (!this.#replace('topic', topic.topicId, known?.topic, topic)) return null
    if (known === undefined) this.topics.set(topic.topicId, { topic, partitions: [] })
    else known.topic = topic
    const list = this.#lists.get(topic.tenantId) ?? new TopicList()
    this.#lists.set(topic.tenantId, list)
    list.set(topic)
    return { kind: 'topic', topic }
  }

  #setPartition(topic: TopicState, partition: Partition): MetadataEvent | null {
    const known = topic.partitions[partition.partition]
    const key = partitionKey(partition)
    if (!this.#replace('partition', key, known, partition)) return null
    topic.partitions[partition.partition] = partition
    return { kind: 'partition', partition }
  }

  /**
   * Late, after its topic's tombstone; otherwise the feed is out of order, and only a resync helps.
   */
  #partitionWithoutTopic(topic: string): null {
    assert(this.tombstones.has(topicId(topic)), `a partition of the unknown topic ${topic}`)
    return null
  }

  #delete({ kind }: Deleted, key: string, version: number): MetadataEvent | null {
    switch (kind) {
      case 'tenant':
        return this.#deleteTenant(this.#intern.tenant(key), version)
      case 'api_key': {
        const known = this.apiKeys.get(key)
        if (!this.#remove('api_key', key, known, version)) return null
        this.apiKeys.delete(key)
        return { kind: 'apiKeyDeleted', keyId: key }
      }
      case 'topic':
        return this.#deleteTopic(topicId(key), version)
      case 'broker': {
        const id = brokerId(Number(key))
        if (!this.#remove('broker', key, this.brokers.get(id), version)) return null
        this.brokers.delete(id)
        return { kind: 'brokerDeleted', brokerId: id }
      }
      default:
        return null
    }
  }

  #deleteTenant(tenantId: TenantId, version: number): MetadataEvent | null {
    if (!this.#remove('tenant', tenantId, this.tenants.get(tenantId), version)) return null
    this.tenants.delete(tenantId)
    return { kind: 'tenantDeleted', tenantId }
  }

  #deleteTopic(id: TopicId, version: number): MetadataEvent | null {
    if (this.tombstones.has(id)) return null
    this.tombstones.set(id, version)
    const known = this.topics.get(id)
    if (known !== undefined) {
      this.#remove('topic', id, known.topic, version)
      for (const partition of known.partitions) {
        if (partition !== undefined)
          this.#remove('partition', partitionKey(partition), partition, version)
      }
      this.topics.delete(id)
      this.#lists.get(known.topic.tenantId)?.delete(known.topic)
      if (this.#lists.get(known.topic.tenantId)?.size === 0)
        this.#lists.delete(known.topic.tenantId)
    }
    return { kind: 'topicDeleted', topicId: id, version }
  }

  /** Whether `next` is newer than `known`; if so the digest has changed. */
  #replace(
    kind: EntryKind,
    key: string,
    known: { readonly version: number } | undefined,
    next: { readonly version: number },
  ): boolean {
    if (known !== undefined && known.version >= next.version) return false
    if (known !== undefined) this.#digest.subtract(kind, key, known.version)
    this.#digest.add(kind, key, next.version)
    return true
  }

  #remove(
    kind: EntryKind,
    key: string,
    known: { readonly version: number } | undefined,
    version: number,
  ): boolean {
    if (known === undefined || known.version >= version) return false
    this.#digest.subtract(kind, key, known.version)
    return true
  }
}

function partitionKey(partition: Partition): string {
  return `${partition.topicId}/${partition.partition}`
}
