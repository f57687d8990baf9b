import { errorFromKafka, heaviestKeysApi, NO_ERROR, type ResponseOf } from '@courant/kafka-protocol'
import { BusError, type TopicId } from '@courant/kernel'
import type { Leaders } from '../routing/leaders.ts'

/** What a leader knows of the keys of a partition. */
export type HeaviestKeys = Omit<
  ResponseOf<typeof heaviestKeysApi>['topics'][number]['partitions'][number],
  'partitionIndex' | 'errorCode'
>

const REQUEST_TIMEOUT_MS = 5_000

/** Asks the leader. Rejects with BusError: NOT_IMPLEMENTED where brokers keep no such thing. */
export async function heaviestKeys(
  leaders: Leaders,
  topicId: TopicId,
  partition: number,
  keysMax: number,
): Promise<HeaviestKeys> {
  const connection = await leaders.connection(topicId, partition)
  const topics = [{ name: topicId, partitionIndexes: [partition] }]
  const response = await connection
    .request(heaviestKeysApi, { topics, keysMax }, REQUEST_TIMEOUT_MS)
    .catch((thrown: unknown) => {
      const error = BusError.from(thrown)
      if (error.code !== 'UNSUPPORTED_VERSION') throw error
      throw new BusError('NOT_IMPLEMENTED', 'The broker does not keep the heaviest keys.')
    })
  const answer = response.topics[0]?.partitions[0]
  if (answer === undefined) throw new BusError('INTERNAL', 'The broker answered something else.')
  if (answer.errorCode !== NO_ERROR) throw errorFromKafka(answer.errorCode, null, 'read')
  const { partitionIndex: _index, errorCode: _code, ...keys } = answer
  return keys
}
