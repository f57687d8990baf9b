/** Metadata of two tenants, one operator, one broker and the topic `orders` of the first tenant. */
import { hash } from 'node:crypto'
import {
  Broker,
  BrokerState,
  type MetadataEntry,
  Partition,
  Scope,
} from '@courant/api/internal/v1/metadata'
import type { MemoryBroker } from './records/memory-broker.ts'

export const topicId = '7b0c4c3e-9a44-4d0e-8a2f-3c1f6f5f2f10'
export const tenants = [
  { tenantId: '0b9e4a52-5f0e-4d8e-b3a5-4a1f9d2c7e61', keyId: 'A'.repeat(16) },
  { tenantId: '0b9e4a52-5f0e-4d8e-b3a5-4a1f9d2c7e62', keyId: 'B'.repeat(16) },
] as const
const secret = 's'.repeat(43)
/** Keys of the tenant that has the topic `orders`, and of one that has none. */
export const apiKey = `crt_${tenants[0].keyId}_${secret}`
export const strangerKey = `crt_${tenants[1].keyId}_${secret}`
export const operatorKey = `crt_${'O'.repeat(16)}_${secret}`

export type Entry = readonly [key: string, value: MetadataEntry['value']]

export function tenantEntries(): Entry[] {
  return tenants.flatMap(({ tenantId, keyId }): Entry[] => [
    [tenantId, { $case: 'tenant', value: { tenantId, name: keyId, createdAtMs: 1 } }],
    keyEntry(keyId, tenantId),
  ])
}

export function operatorEntry(): Entry {
  return keyEntry('O'.repeat(16), '')
}

/** A key of the tenant, or of an operator where that is empty. */
export function keyEntry(keyId: string, tenantId: string, expiresAtMs = 0): Entry {
  const scope = tenantId === '' ? Scope.SCOPE_OPERATOR : Scope.SCOPE_TENANT_ADMIN
  const secretSha256 = hash('sha256', secret, 'buffer')
  const value = { keyId, tenantId, name: 'test', secretSha256, scope, createdAtMs: 1, expiresAtMs }
  return [keyId, { $case: 'apiKey', value }]
}

export function brokerEntry(broker: MemoryBroker): Entry {
  const { host, port } = broker.address
  const state = BrokerState.BROKER_STATE_ACTIVE
  const value = Broker.create({ brokerId: 1, brokerEpoch: 1, host, port, state })
  return ['1', { $case: 'broker', value }]
}

const ORDERS = { topicId, tenantId: tenants[0].tenantId, name: 'orders' }

/** A topic and its partitions; `orders` of the first tenant, unless it is another. */
export function topicEntries(
  partitionCount: number,
  config: Readonly<Record<string, string>>,
  named: { readonly topicId: string; readonly tenantId: string; readonly name: string } = ORDERS,
): Entry[] {
  const topic = {
    ...named,
    partitionCount,
    replicationFactor: 1,
    config: { ...config },
    createdAtMs: 1,
  }
  const partitions = Array.from({ length: partitionCount }, (_, partition): Entry => {
    const value = Partition.create({
      topicId: named.topicId,
      partition,
      replicas: [1],
      inSyncReplicas: [1],
      leader: 1,
      effectiveMinIsr: 1,
    })
    return [`${named.topicId}/${partition}`, { $case: 'partition', value }]
  })
  return [[named.topicId, { $case: 'topic', value: topic }], ...partitions]
}
