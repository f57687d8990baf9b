import { eq } from 'drizzle-orm'
import type { Transaction } from '../database/database.ts'
import type { Change } from '../database/record-changes.ts'
import { writePartitions } from '../elections/write-partitions.ts'
import { partitionKey } from '../partitions/partition-key.ts'
import { partition } from '../schema/partition.ts'
import { topic } from '../schema/topic.ts'
import type { ClusterPlan } from './plan-cluster.ts'

/** Returns what to record. */
export async function writePlan(
  transaction: Transaction,
  { known, added }: ClusterPlan,
): Promise<Change[]> {
  const changes = await writePartitions(transaction, known)
  for (const row of added) {
    await transaction.insert(partition).values(row)
    changes.push({ kind: 'partition', key: partitionKey(row) })
  }
  const counts = new Map(added.map((row) => [row.topicId, row.partition + 1]))
  for (const [topicId, partitionCount] of counts) {
    await transaction.update(topic).set({ partitionCount }).where(eq(topic.topicId, topicId))
    changes.push({ kind: 'topic', key: topicId })
  }
  return changes
}
