import { hash } from 'node:crypto'
import { type PlacementBroker, placeReplicas } from '../placement/place-replicas.ts'
import type { PartitionRow } from '../schema/partition.ts'
import type { TopicRow } from '../schema/topic.ts'
import { minIsrOf } from './topic-settings.ts'

/**
 * The topic's partitions from the first that it has not yet to its count. An empty log is in sync
 * everywhere. Pure.
 */
export function newPartitions(
  topic: TopicRow,
  brokers: readonly PlacementBroker[],
  existing: readonly PartitionRow[],
): PartitionRow[] {
  const places = placeReplicas({
    brokers,
    partitions: topic.partitionCount - existing.length,
    replicationFactor: topic.replicationFactor,
    seed: hash('sha256', topic.topicId, 'buffer').readUInt32BE(0),
    existing: existing.map(({ replicas }) => replicas),
  })
  return places.map((replicas, index) => ({
    topicId: topic.topicId,
    partition: existing.length + index,
    tenantId: topic.tenantId,
    replicas,
    inSyncReplicas: replicas,
    eligibleReplicas: [],
    lastKnownEligibleReplicas: [],
    leader: replicas[0] ?? null,
    leaderEpoch: 0,
    partitionEpoch: 0,
    effectiveMinIsr: minIsrOf(topic.config),
    lastUncleanLeaderEpoch: 0,
    targetReplicas: [],
    addingReplicas: [],
  }))
}
