import {
  Broker,
  BrokerState,
  type MetadataEntry,
  Partition,
  Scope,
} from '@courant/api/internal/v1/metadata'

export const tenantOne = '0b9e4a52-5f0e-4d8e-b3a5-4a1f9d2c7e61'

type Value = NonNullable<MetadataEntry['value']>

/** Ids that look like UUIDs, one a number. */
export function topicIdOf(number: number): string {
  return `7b0c4c3e-9a44-4d0e-8a2f-${String(number).padStart(12, '0')}`
}

function entry(version: number, key: string, value: Value): MetadataEntry {
  return { version, key, value }
}

export function tenantRow(version: number, name: string): MetadataEntry {
  const value = { tenantId: tenantOne, name, createdAtMs: 1 }
  return entry(version, tenantOne, { $case: 'tenant', value })
}

export function topicRow(version: number, number: number, name: string): MetadataEntry {
  const topicId = topicIdOf(number)
  const value = {
    topicId,
    tenantId: tenantOne,
    name,
    partitionCount: 1,
    replicationFactor: 1,
    config: { 'retention.ms': '1000' },
    createdAtMs: 1,
  }
  return entry(version, topicId, { $case: 'topic', value })
}

export function partitionRow(version: number, number: number, leader: number): MetadataEntry {
  const topicId = topicIdOf(number)
  const value = Partition.create({
    topicId,
    partition: 0,
    replicas: [leader],
    inSyncReplicas: [leader],
    leader,
    leaderEpoch: version,
    partitionEpoch: version,
    effectiveMinIsr: 1,
  })
  return entry(version, `${topicId}/0`, { $case: 'partition', value })
}

export function brokerRow(version: number, brokerId: number): MetadataEntry {
  const state = BrokerState.BROKER_STATE_ACTIVE
  const value = Broker.create({ brokerId, brokerEpoch: 1, host: 'localhost', port: 1, state })
  return entry(version, String(brokerId), { $case: 'broker', value })
}

export function apiKeyRow(version: number, keyId: string): MetadataEntry {
  const value = {
    keyId,
    tenantId: tenantOne,
    name: 'key',
    secretSha256: Buffer.alloc(32),
    scope: Scope.SCOPE_TENANT_ADMIN,
    createdAtMs: 1,
    expiresAtMs: 0,
  }
  return entry(version, keyId, { $case: 'apiKey', value })
}

export function deletedRow(version: number, kind: string, key: string): MetadataEntry {
  return entry(version, key, { $case: 'deleted', value: { kind } })
}
