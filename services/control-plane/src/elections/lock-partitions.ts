import { asc, type SQL, sql } from 'drizzle-orm'
import type { Transaction } from '../database/database.ts'
import { type PartitionName, partitionKey } from '../partitions/partition-key.ts'
import { type PartitionRow, partition } from '../schema/partition.ts'

/**
 * Locks partitions in the order in which everybody does (B1.4), and returns them. An UPDATE of many
 * rows locks them in whatever order it finds them, so two such transactions would wait for each
 * other.
 */
export async function lockPartitions(
  transaction: Transaction,
  which: SQL | undefined,
  limit?: number,
): Promise<PartitionRow[]> {
  const locked = transaction
    .select()
    .from(partition)
    .where(which)
    .orderBy(asc(partition.topicId), asc(partition.partition))
  return limit === undefined ? locked.for('update') : locked.limit(limit).for('update')
}

/** Those of the given ones that there are, by their keys. Topic ids have to be UUIDs. */
export async function lockNamedPartitions(
  transaction: Transaction,
  names: readonly PartitionName[],
): Promise<Map<string, PartitionRow>> {
  const topicIds = sql.param(names.map(({ topicId }) => topicId))
  const indexes = sql.param(names.map((name) => name.partition))
  const rows = await lockPartitions(
    transaction,
    sql`(${partition.topicId}, ${partition.partition})
      IN (SELECT * FROM unnest(${topicIds}::uuid[], ${indexes}::integer[]))`,
  )
  return new Map(rows.map((row) => [partitionKey(row), row]))
}
