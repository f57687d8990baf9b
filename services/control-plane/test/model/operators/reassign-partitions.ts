import type {
  CancelReassignmentsRequest,
  CancelReassignmentsResponse,
  ReassignmentResult,
  ReassignPartitionsRequest,
  ReassignPartitionsResponse,
} from '@courant/api/internal/v1/cluster'
import type { Change } from '../../../src/database/record-changes.ts'
import { statesOf } from '../../../src/elections/broker-states.ts'
import {
  checkNamedPartitions,
  type PartitionName,
  partitionKey,
} from '../../../src/partitions/partition-key.ts'
import {
  type Decide,
  decideCancellation,
  decideOne,
  decideReassignment,
} from '../../../src/reassignments/decide-one.ts'
import type { PartitionRow } from '../../../src/schema/partition.ts'
import type { ModelCluster } from '../database/model-cluster.ts'
import {
  currentVersion,
  type Transaction,
  transaction,
  type Work,
} from '../database/transaction.ts'
import {
  brokersOf,
  namedPartitions,
  partitionsWhere,
  writePartitions,
} from '../elections/partitions.ts'

export function reassignPartitions(
  cluster: ModelCluster,
  { reassignments }: ReassignPartitionsRequest,
): Work<ReassignPartitionsResponse> {
  return decideEach(cluster, reassignments, decideReassignment)
}

export function cancelReassignments(
  cluster: ModelCluster,
  { partitions }: CancelReassignmentsRequest,
): Work<CancelReassignmentsResponse> {
  return decideEach(cluster, partitions, decideCancellation)
}

function* decideEach<Named extends PartitionName>(
  cluster: ModelCluster,
  named: readonly Named[],
  decide: Decide<Named>,
): Work<{ readonly results: ReassignmentResult[]; readonly metadataVersion: number }> {
  checkNamedPartitions(named)
  return yield* transaction((within) => {
    const brokers = brokersOf(within)
    const ground = { brokers, states: statesOf(brokers) }
    const before = namedPartitions(within, named)
    const rows = new Map(before)
    const results = named.map((of) => decideOne(rows, of, (row) => decide(row, of, ground)))
    const changed = [...rows.values()].filter((row) => row !== before.get(partitionKey(row)))
    return { results, metadataVersion: record(cluster, within, changed) }
  }, 'repeat')
}

function record(
  cluster: ModelCluster,
  within: Transaction,
  changed: readonly PartitionRow[],
): number {
  if (changed.length === 0) return currentVersion(within)
  const partitions = writePartitions(within, changed)
  const topicIds = new Set(changed.map(({ topicId }) => topicId))
  const topics = [...topicIds].flatMap((topicId) => followReplicationFactor(within, topicId))
  return cluster.record(within, [...topics, ...partitions])
}

/** A topic's factor is that of its partitions once they all have the same, or are on their way. */
function followReplicationFactor(within: Transaction, topicId: string): Change[] {
  const topic = within.state.topics.get(topicId)
  const sizes = partitionsWhere(within, (row) => row.topicId === topicId).map(
    ({ replicas, targetReplicas }) => targetReplicas.length || replicas.length,
  )
  const [replicationFactor, ...others] = new Set(sizes)
  if (topic === undefined || replicationFactor === undefined || others.length > 0) return []
  if (topic.replicationFactor === replicationFactor) return []
  within.state.topics.set(topicId, { ...topic, replicationFactor })
  return [{ kind: 'topic', key: topicId }]
}
