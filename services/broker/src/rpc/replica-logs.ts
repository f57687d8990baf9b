import {
  NO_ERROR,
  type RequestHandler,
  type RequestOf,
  type ResponseInputOf,
  type replicaLogsApi,
} from '@courant/kafka-protocol'
import type { BrokerStanding } from '../control-plane/broker-standing.ts'
import type { PartitionRegistry } from '../partition/partition-registry.ts'
import type { RequestCounts } from '../request-counts.ts'

type Response = ResponseInputOf<typeof replicaLogsApi>
type Topic = Response['topics'][number]

export interface ReplicaLogsParts {
  readonly partitions: PartitionRegistry
  readonly counts: RequestCounts
  readonly standing: () => BrokerStanding
}

/** Serves ReplicaLogs: every log of the data directory, also of topics that nobody knows. */
export function replicaLogsHandler({
  partitions,
  counts,
  standing,
}: ReplicaLogsParts): RequestHandler<RequestOf<typeof replicaLogsApi>, Response> {
  return (_request, exchange) => {
    const topics = new Map<string, Topic['partitions'][number][]>()
    for (const { topicId, index, logStanding } of partitions.all()) {
      if (logStanding === null) continue
      const logs = topics.get(topicId) ?? []
      logs.push({ partitionIndex: index, ...logStanding })
      topics.set(topicId, logs)
    }
    counts.add('ReplicaLogs', NO_ERROR)
    exchange.respond({
      throttleTimeMs: 0,
      ...standing(),
      topics: [...topics].map(([topicId, logs]) => ({ topicId, partitions: logs })),
    })
  }
}
