import { asc, type SQL } from 'drizzle-orm'
import type { Transaction } from '../database/database.ts'
import { partition } from '../schema/partition.ts'

/**
 * Locks partitions in the order in which everybody does (B1.4). An UPDATE of many rows locks them
 * in whatever order it finds them, so two such transactions would wait for each other.
 */
export async function lockPartitions(transaction: Transaction, which: SQL): Promise<void> {
  await transaction
    .select({ partition: partition.partition })
    .from(partition)
    .where(which)
    .orderBy(asc(partition.topicId), asc(partition.partition))
    .for('update')
}
