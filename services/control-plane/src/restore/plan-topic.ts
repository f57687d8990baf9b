import { RestoreFindingKind } from '@courant/api/internal/v1/cluster'
import type { PartitionRow } from '../schema/partition.ts'
import type { HeardLogs } from './heard-logs.ts'
import { byCompleteness } from './most-complete.ts'
import { type PartitionPlan, planPartition } from './plan-partition.ts'

export interface TopicPlan {
  readonly known: readonly PartitionPlan[]
  /** Partitions that the topic has got after the backup. */
  readonly added: readonly PartitionPlan[]
}

/** `rows`: the topic's partitions, from the first on. Pure. */
export function planTopic(
  rows: readonly PartitionRow[],
  highest: number,
  heard: HeardLogs,
): TopicPlan {
  const first = rows[0]
  const known = rows.map((row) => planPartition(row, heard))
  if (first === undefined) return { known, added: [] }
  const missing = Array.from(
    { length: Math.max(0, highest + 1 - rows.length) },
    (_, index) => rows.length + index,
  )
  return { known, added: missing.map((index) => planAdded(first, index, heard)) }
}

/** Like the topic's first partition, on the brokers that have logs of it. */
function planAdded(first: PartitionRow, partition: number, heard: HeardLogs): PartitionPlan {
  const holders = byCompleteness(heard.sound({ ...first, partition }))
  const ids = [...holders.map(({ brokerId }) => brokerId), ...first.replicas]
  const row = {
    ...first,
    partition,
    replicas: [...new Set(ids)].slice(0, first.replicas.length),
    targetReplicas: [],
    addingReplicas: [],
    leaderEpoch: 0,
    partitionEpoch: 0,
    lastUncleanLeaderEpoch: 0,
  }
  const plan = planPartition(row, heard)
  const hasLeader = plan.finding !== RestoreFindingKind.RESTORE_FINDING_KIND_WITHOUT_LEADER
  if (!hasLeader) return plan
  return { ...plan, finding: RestoreFindingKind.RESTORE_FINDING_KIND_ADDED }
}
