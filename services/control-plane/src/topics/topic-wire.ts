import type { Partition, Topic } from '@courant/api/internal/v1/metadata'
import { removingReplicas } from '../reassignments/complete-reassignment.ts'
import type { PartitionRow } from '../schema/partition.ts'
import type { TopicRow } from '../schema/topic.ts'

export function topicWire(row: TopicRow): Topic {
  return {
    topicId: row.topicId,
    tenantId: row.tenantId,
    name: row.name,
    partitionCount: row.partitionCount,
    replicationFactor: row.replicationFactor,
    config: { ...row.config },
    createdAtMs: row.createdAt.getTime(),
  }
}

export function partitionWire(row: PartitionRow): Partition {
  return {
    topicId: row.topicId,
    partition: row.partition,
    replicas: row.replicas,
    inSyncReplicas: row.inSyncReplicas,
    leader: row.leader ?? undefined,
    leaderEpoch: row.leaderEpoch,
    partitionEpoch: row.partitionEpoch,
    effectiveMinIsr: row.effectiveMinIsr,
    eligibleReplicas: row.eligibleReplicas,
    lastUncleanLeaderEpoch: row.lastUncleanLeaderEpoch,
    addingReplicas: row.addingReplicas,
    removingReplicas: removingReplicas(row),
  }
}
