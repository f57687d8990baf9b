import {
  type BrokerConnection,
  errorFromKafka,
  listOffsetsApi,
  listOffsetsTimestamp,
  NO_ERROR,
} from '@courant/kafka-protocol'
import { BusError, type TopicId } from '@courant/kernel'
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
  const [found] = await ask(connection, topicId, [partition], query, timeoutMs)
  if (found === undefined) throw new BusError('INTERNAL', 'The broker answered something else.')
  if (found instanceof BusError) throw found
  return found
}

/**
 * The same for all partitions of a topic, by index: one request to each of their leaders. What is
 * not known of a partition holds up no other: its error is in its place.
 */
export async function findOffsets(
  leaders: Leaders,
  topicId: TopicId,
  partitionCount: number,
  query: OffsetQuery,
): Promise<(FoundOffset | BusError)[]> {
  const offsets = new Array<FoundOffset | BusError>(partitionCount)
  const byLeader = new Map<BrokerConnection, number[]>()
  const finding = Array.from({ length: partitionCount }, async (_, partition) => {
    const connection = await errorAsValue(async () => leaders.connection(topicId, partition))
    if (connection instanceof BusError) {
      offsets[partition] = connection
      return
    }
    const partitions = byLeader.get(connection)
    if (partitions === undefined) byLeader.set(connection, [partition])
    else partitions.push(partition)
  })
  await Promise.all(finding)
  const asking = [...byLeader].map(async ([connection, partitions]) => {
    const found = await errorAsValue(() =>
      ask(connection, topicId, partitions, query, REQUEST_TIMEOUT_MS),
    )
    for (const [index, partition] of partitions.entries()) {
      const offset = found instanceof BusError ? found : found[index]
      if (offset !== undefined) offsets[partition] = offset
    }
  })
  await Promise.all(asking)
  return offsets
}

async function errorAsValue<Value>(work: () => Promise<Value>): Promise<Value | BusError> {
  try {
    return await work()
  } catch (error) {
    return BusError.from(error)
  }
}

/** The offsets in the order of `partitions`, or what the broker says against one. */
async function ask(
  connection: BrokerConnection,
  topicId: TopicId,
  partitions: readonly number[],
  query: OffsetQuery,
  timeoutMs: number,
): Promise<(FoundOffset | BusError)[]> {
  const timestamp = typeof query === 'string' ? listOffsetsTimestamp[query] : query.timestamp
  const asked = partitions.map((partitionIndex) => ({ partitionIndex, timestamp }))
  const response = await connection.request(
    listOffsetsApi,
    { replicaId: CONSUMER, topics: [{ name: topicId, partitions: asked }] },
    timeoutMs,
  )
  const answers = new Map(
    response.topics[0]?.partitions.map((answer) => [answer.partitionIndex, answer]),
  )
  return partitions.map((partition) => {
    const answer = answers.get(partition)
    if (answer === undefined) return new BusError('INTERNAL', 'The broker left out a partition.')
    if (answer.errorCode !== NO_ERROR) return errorFromKafka(answer.errorCode, null, 'read')
    return { offset: answer.offset, timestamp: answer.timestamp }
  })
}
