import type { DeleteTopicRequest, DeleteTopicResponse } from '@courant/api/internal/v1/admin'
import { eq } from 'drizzle-orm'
import type { Cluster } from '../cluster.ts'
import { lockPartitions } from '../elections/lock-partitions.ts'
import { partition } from '../schema/partition.ts'
import { topic, topicTombstone } from '../schema/topic.ts'
import { checkTenantId } from '../tenants/tenant-id.ts'
import { lockTopics, requireTopic } from './tenant-topics.ts'

/**
 * Leaves a tombstone, which alone allows brokers to delete the data (B1.3). The name is free again.
 */
export async function deleteTopic(
  cluster: Cluster,
  { tenantId, name }: DeleteTopicRequest,
  signal: AbortSignal,
): Promise<DeleteTopicResponse> {
  checkTenantId(tenantId)
  return cluster.database.tenant(
    tenantId,
    async (transaction) => {
      await lockTopics(transaction, tenantId)
      const { topicId } = await requireTopic(transaction, name)
      await lockPartitions(transaction, eq(partition.topicId, topicId))
      await transaction.insert(topicTombstone).values({ topicId, tenantId, name })
      // With its partitions, by the foreign key.
      await transaction.delete(topic).where(eq(topic.topicId, topicId))
      const change = { kind: 'topic', key: topicId, deleted: true } as const
      return { metadataVersion: await cluster.record(transaction, [change]) }
    },
    { signal },
  )
}
