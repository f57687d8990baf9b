/** A follower's fetch on the wire, and what a leader answers. */
import {
  errorFromKafka,
  type fetchApi,
  NO_ERROR,
  type RequestInputOf,
  type ResponseOf,
} from '@courant/kafka-protocol'
import { type BrokerId, type LeaderEpoch, limits, type Offset } from '@courant/kernel'
import type { FetchPosition, SessionRequest } from '@courant/replication'
import type { Partition } from '../partition/partition.ts'
import type { FetchedReplica } from '../partition/replica.ts'

type FetchedEntry = ResponseOf<typeof fetchApi>['topics'][number]['partitions'][number]

export function fetchFrame(
  { sessionId, sessionEpoch, asked, forgotten }: SessionRequest<Partition>,
  broker: { readonly brokerId: BrokerId; readonly brokerEpoch: number },
): RequestInputOf<typeof fetchApi> {
  const topics = byTopic(asked, ({ partition }) => partition)
  const forgottenTopics = byTopic(forgotten, (partition) => partition)
  return {
    replicaId: broker.brokerId,
    replicaState: { replicaId: broker.brokerId, replicaEpoch: broker.brokerEpoch },
    maxWaitMs: limits.replicaFetchWaitMsMax,
    minBytes: 1,
    maxBytes: limits.replicaFetchBytesMax,
    isolationLevel: 0,
    sessionId,
    sessionEpoch,
    topics: topics.map(([topic, entries]) => ({
      topic,
      partitions: entries.map(({ partition, position }) => askedEntry(partition, position)),
    })),
    forgottenTopics: forgottenTopics.map(([topic, partitions]) => ({
      topic,
      partitions: partitions.map(({ index }) => index),
    })),
  }
}

export function fetchedReplica(entry: FetchedEntry): FetchedReplica {
  const { errorCode, highWatermark, logStartOffset, divergingEpoch, records } = entry
  const diverging = divergingEpoch && {
    epoch: divergingEpoch.epoch as LeaderEpoch,
    end: divergingEpoch.endOffset as Offset,
  }
  return {
    error: errorCode === NO_ERROR ? null : errorFromKafka(errorCode, null, 'read').code,
    highWatermark,
    logStartOffset,
    diverging,
    records,
    hasRecords: records !== null && records.length > 0,
  }
}

function askedEntry({ index }: Partition, position: FetchPosition) {
  return {
    partition: index,
    currentLeaderEpoch: position.leaderEpoch,
    fetchOffset: position.offset,
    lastFetchedEpoch: position.lastEpoch,
    logStartOffset: position.logStartOffset,
    partitionMaxBytes: position.bytesMax ?? limits.replicaFetchPartitionBytesMax,
  }
}

function byTopic<Item>(
  items: readonly Item[],
  partitionOf: (item: Item) => Partition,
): [string, Item[]][] {
  const topics = new Map<string, Item[]>()
  for (const item of items) {
    const { topicId } = partitionOf(item)
    const known = topics.get(topicId)
    if (known === undefined) topics.set(topicId, [item])
    else known.push(item)
  }
  return [...topics]
}
