import { sql } from 'drizzle-orm'
import type { Transaction } from '../database/database.ts'
import type { Change } from '../database/record-changes.ts'
import { partitionKey } from '../partitions/partition-key.ts'
import type { PlacementBroker } from '../placement/place-replicas.ts'
import { type PartitionRow, partition } from '../schema/partition.ts'
import type { TopicRow } from '../schema/topic.ts'
import { newPartitions } from './new-partitions.ts'

/** PostgreSQL takes 65 535 parameters a statement. */
const ROWS_PER_STATEMENT = 2_000

/**
 * The brokers that may get replicas. None of them is fenced before the transaction ends (B1.4):
 * either the partition that it makes is seen by whoever fences, or this sees the broker fenced.
 */
export async function lockActiveBrokers(transaction: Transaction): Promise<PlacementBroker[]> {
  const { rows } = await transaction.execute<{ broker_id: number; host: string; rack: string }>(
    sql`SELECT broker_id, host, rack FROM courant.lock_active_brokers()`,
  )
  return rows.map(({ broker_id, host, rack }) => ({ brokerId: broker_id, host, rack }))
}

/** Inserts the topic's partitions from the first that it has not yet to its count. */
export async function insertPartitions(
  transaction: Transaction,
  topic: TopicRow,
  brokers: readonly PlacementBroker[],
  existing: readonly PartitionRow[],
): Promise<Change[]> {
  const rows = newPartitions(topic, brokers, existing)
  for (let from = 0; from < rows.length; from += ROWS_PER_STATEMENT) {
    await transaction.insert(partition).values(rows.slice(from, from + ROWS_PER_STATEMENT))
  }
  return rows.map((row) => ({ kind: 'partition', key: partitionKey(row) }))
}
