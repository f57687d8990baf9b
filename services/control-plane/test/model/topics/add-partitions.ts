import type { AddPartitionsRequest, AddPartitionsResponse } from '@courant/api/internal/v1/admin'
import { checkTenantId } from '../../../src/tenants/tenant-id.ts'
import {
  addedPartitions,
  checkActiveBrokers,
  checkPartitionCount,
} from '../../../src/topics/judge-topic.ts'
import { newPartitions } from '../../../src/topics/new-partitions.ts'
import { topicWire } from '../../../src/topics/topic-wire.ts'
import type { ModelCluster } from '../database/model-cluster.ts'
import { currentVersion, transaction, type Work } from '../database/transaction.ts'
import { partitionsWhere, writePartitions } from '../elections/partitions.ts'
import { activeBrokers, countPartitions, requireTopic } from './tenant-topics.ts'

export function* addPartitions(
  cluster: ModelCluster,
  { tenantId, name, partitionCount }: AddPartitionsRequest,
): Work<AddPartitionsResponse> {
  checkTenantId(tenantId)
  return yield* transaction((within) => {
    const before = requireTopic(within, tenantId, name)
    const added = addedPartitions(before, partitionCount)
    if (added === 0) {
      return { topic: topicWire(before), metadataVersion: currentVersion(within) }
    }
    const total = countPartitions(within, tenantId)
    checkPartitionCount({ count: partitionCount, added, total })
    const brokers = activeBrokers(within)
    checkActiveBrokers(before, brokers.length)
    const { topicId } = before
    const existing = partitionsWhere(within, (row) => row.topicId === topicId)
    const after = { ...before, partitionCount }
    within.state.topics.set(topicId, after)
    const partitions = writePartitions(within, newPartitions(after, brokers, existing))
    const changes = [{ kind: 'topic', key: topicId } as const, ...partitions]
    return { topic: topicWire(after), metadataVersion: cluster.record(within, changes) }
  }, 'repeat')
}
