import {
  errorFromKafka,
  listOffsetsApi,
  listOffsetsTimestamp,
  NO_ERROR,
} from '@courant/kafka-protocol'
import { BusError, limits, type TopicId } from '@courant/kernel'
import type { Leaders } from './leaders.ts'

/** A place in a log, named by what is there. */
export type OffsetQuery = 'earliest' | 'latest' | { readonly timestamp: number }

/** What a leader says of a query; offset -1 where nothing is as young as the timestamp. */
export interface FoundOffset {
  readonly offset: number
  readonly timestamp: number
}

/** A consumer's view: a replica has a broker id here. */
const CONSUMER = -1
const REQUEST_TIMEOUT_MS = 5_000

/** Asks the leader of one partition for an offset. Rejects with BusError. */
export async function findOffset(
  leaders: Leaders,
  topicId: TopicId,
  partition: number,
  query: OffsetQuery,
  timeoutMs: number = REQUEST_TIMEOUT_MS,
): Promise<FoundOffset> {
  const connection = await leaders.connection(topicId, partition)
  const timestamp = typeof query === 'string' ? listOffsetsTimestamp[query] : query.timestamp
  const response = await connection.request(
    listOffsetsApi,
    {
      replicaId: CONSUMER,
      topics: [{ name: topicId, partitions: [{ partitionIndex: partition, timestamp }] }],
    },
    Math.min(timeoutMs, limits.waitMsMax),
  )
  const answer = response.topics[0]?.partitions[0]
  if (answer === undefined) throw new BusError('INTERNAL', 'The broker answered something else.')
  if (answer.errorCode !== NO_ERROR) throw errorFromKafka(answer.errorCode, null, 'read')
  return { offset: answer.offset, timestamp: answer.timestamp }
}
