import { and, eq, sql } from 'drizzle-orm'
import type { Cluster } from '../cluster.ts'
import { partition } from '../schema/partition.ts'

/** Whether the broker leads a partition that another active broker could lead now. */
export async function hasMovableLeaderships(cluster: Cluster, brokerId: number): Promise<boolean> {
  const { inSyncReplicas, eligibleReplicas } = partition
  const rows = await cluster.database.platform((transaction) =>
    transaction
      .select({ partition: partition.partition })
      .from(partition)
      .where(
        and(
          eq(partition.leader, brokerId),
          sql`EXISTS (SELECT FROM courant.broker WHERE state = 'active'
            AND broker_id = ANY (${inSyncReplicas} || ${eligibleReplicas}))`,
        ),
      )
      .limit(1),
  )
  return rows.length > 0
}
