/** What the operations on topics share. A tenant's transaction sees its own rows only. */
import { BusError } from '@courant/kernel'
import { recipientsOf } from '../../../src/elections/broker-states.ts'
import type { PlacementBroker } from '../../../src/placement/place-replicas.ts'
import type { TopicRow } from '../../../src/schema/topic.ts'
import type { Transaction } from '../database/transaction.ts'
import { brokersOf } from '../elections/partitions.ts'

function topicsOf({ state }: Transaction, tenantId: string): TopicRow[] {
  return [...state.topics.values()].filter((row) => row.tenantId === tenantId)
}

export function findTopic(within: Transaction, tenantId: string, name: string): TopicRow | null {
  return topicsOf(within, tenantId).find((row) => row.name === name) ?? null
}

export function requireTopic(within: Transaction, tenantId: string, name: string): TopicRow {
  const row = findTopic(within, tenantId, name)
  if (row === null) throw new BusError('TOPIC_NOT_FOUND', 'There is no such topic.')
  return row
}

/** Of all topics of the tenant. */
export function countPartitions(within: Transaction, tenantId: string): number {
  return topicsOf(within, tenantId).reduce((total, topic) => total + topic.partitionCount, 0)
}

/** The brokers that may get replicas. */
export function activeBrokers(within: Transaction): PlacementBroker[] {
  const brokers = brokersOf(within)
  return [...recipientsOf(brokers)].flatMap((brokerId) => brokers.get(brokerId) ?? [])
}
