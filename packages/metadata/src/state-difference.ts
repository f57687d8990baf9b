import type { MetadataState } from './metadata-state.ts'
import type { MetadataEvent } from './model.ts'

/** What a listener must hear when a copy jumps from one state to another by a snapshot. */
export function* difference(
  before: MetadataState,
  after: MetadataState,
): Generator<MetadataEvent, void, undefined> {
  yield* removals(before, after)
  for (const tenant of newer(before.tenants, after.tenants)) yield { kind: 'tenant', tenant }
  for (const apiKey of newer(before.apiKeys, after.apiKeys)) yield { kind: 'apiKey', apiKey }
  for (const broker of newer(before.brokers, after.brokers)) yield { kind: 'broker', broker }
  for (const [id, { topic, partitions }] of after.topics) {
    const known = before.topics.get(id)
    if (known?.topic.version !== topic.version) yield { kind: 'topic', topic }
    for (const partition of partitions) {
      if (partition === undefined) continue
      const version = known?.partitions[partition.partition]?.version
      if (version !== partition.version) yield { kind: 'partition', partition }
    }
  }
}

function* removals(
  before: MetadataState,
  after: MetadataState,
): Generator<MetadataEvent, void, undefined> {
  for (const [topicId, version] of after.tombstones) {
    if (!before.tombstones.has(topicId)) yield { kind: 'topicDeleted', topicId, version }
  }
  for (const topicId of before.topics.keys()) {
    const explained = after.topics.has(topicId) || after.tombstones.has(topicId)
    if (!explained) yield { kind: 'topicMissing', topicId }
  }
  for (const tenantId of gone(before.tenants, after.tenants)) {
    yield { kind: 'tenantDeleted', tenantId }
  }
  for (const keyId of gone(before.apiKeys, after.apiKeys)) yield { kind: 'apiKeyDeleted', keyId }
  for (const brokerId of gone(before.brokers, after.brokers)) {
    yield { kind: 'brokerDeleted', brokerId }
  }
}

function* newer<Key, Value extends { readonly version: number }>(
  before: ReadonlyMap<Key, Value>,
  after: ReadonlyMap<Key, Value>,
): Generator<Value, void, undefined> {
  for (const [key, value] of after) {
    if (before.get(key)?.version !== value.version) yield value
  }
}

function* gone<Key>(
  before: ReadonlyMap<Key, unknown>,
  after: ReadonlyMap<Key, unknown>,
): Generator<Key, void, undefined> {
  for (const key of before.keys()) if (!after.has(key)) yield key
}
