import type { DeleteTopicRequest, DeleteTopicResponse } from '@courant/api/internal/v1/admin'
import { partitionKey } from '../../../src/partitions/partition-key.ts'
import { checkTenantId } from '../../../src/tenants/tenant-id.ts'
import type { ModelCluster } from '../database/model-cluster.ts'
import { transaction, type Work } from '../database/transaction.ts'
import { partitionsWhere } from '../elections/partitions.ts'
import { requireTopic } from './tenant-topics.ts'

export function* deleteTopic(
  cluster: ModelCluster,
  { tenantId, name }: DeleteTopicRequest,
): Work<DeleteTopicResponse> {
  checkTenantId(tenantId)
  return yield* transaction((within) => {
    const { topicId } = requireTopic(within, tenantId, name)
    const { tombstones, topics, partitions } = within.state
    tombstones.set(topicId, { topicId, tenantId, name })
    for (const row of partitionsWhere(within, (other) => other.topicId === topicId)) {
      partitions.delete(partitionKey(row))
    }
    topics.delete(topicId)
    const change = { kind: 'topic', key: topicId, deleted: true } as const
    return { metadataVersion: cluster.record(within, [change]) }
  })
}
