import type { RestoreClusterResponse } from '@courant/api/internal/v1/cluster'
import type { PartitionRow } from '../schema/partition.ts'
import type { TopicRow } from '../schema/topic.ts'
import type { HeardLogs } from './heard-logs.ts'
import type { PartitionPlan } from './plan-partition.ts'
import { planTopic } from './plan-topic.ts'

const REPORTED_MAX = 1_000

export interface ClusterPlan {
  readonly known: readonly PartitionRow[]
  readonly added: readonly PartitionRow[]
  /** The part of it that is about topics and partitions. */
  readonly report: Pick<
    RestoreClusterResponse,
    'partitions' | 'partitionsBehind' | 'findings' | 'unknownTopics'
  >
}

/** `rows`: in the order of topics and partitions. Pure. */
export function planCluster(
  topics: readonly TopicRow[],
  rows: readonly PartitionRow[],
  heard: HeardLogs,
): ClusterPlan {
  const held = heard.topics()
  const names = new Map(topics.map(({ topicId, name }) => [topicId, name]))
  const rowsOf = Map.groupBy(rows, ({ topicId }) => topicId)
  const plans = topics.map(({ topicId }) =>
    planTopic(rowsOf.get(topicId) ?? [], held.get(topicId)?.highest ?? -1, heard),
  )
  const known = plans.flatMap((plan) => plan.known)
  const added = plans.flatMap((plan) => plan.added)
  const all = [...known, ...added]
  const unknown = [...held].filter(([topicId]) => !names.has(topicId))
  return {
    known: known.map(({ after }) => after),
    added: added.map(({ after }) => after),
    report: {
      partitions: all.length,
      partitionsBehind: all.filter(({ isBehind }) => isBehind).length,
      findings: all.flatMap((plan) => findingOf(plan, names)).slice(0, REPORTED_MAX),
      unknownTopics: unknown.slice(0, REPORTED_MAX).map(([topicId, { highest, brokers }]) => ({
        topicId,
        partitions: highest + 1,
        brokers,
      })),
    },
  }
}

function findingOf({ finding, after }: PartitionPlan, names: ReadonlyMap<string, string>) {
  if (finding === null) return []
  const { topicId, partition, replicas } = after
  const topicName = names.get(topicId) ?? ''
  return [{ kind: finding, topicId, topicName, partition, replicas }]
}
