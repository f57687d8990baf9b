import { errorFromKafka, NO_ERROR, produceApi } from '@courant/kafka-protocol'
import { BusError, limits, type TopicId } from '@courant/kernel'
import type { BatchSender } from '../accumulator/accumulator.ts'
import type { Appended } from '../accumulator/partition-accumulator.ts'
import type { Acks } from '../accumulator/waiting-batch.ts'
import type { Leaders } from './leaders.ts'

const ACKS: Readonly<Record<Acks, number>> = { all: -1, leader: 1 }
/** The broker's own time-out comes first: it knows more about what happened. */
const GRACE_MS = 1_000

/** Sends one batch to the leader of its partition, once. */
export class ProduceSender implements BatchSender {
  readonly #leaders: Leaders

  constructor(leaders: Leaders) {
    this.#leaders = leaders
  }

  hasLeader(topicId: TopicId, partition: number): boolean {
    return this.#leaders.hasLeader(topicId, partition)
  }

  async send(
    topicId: TopicId,
    partition: number,
    batch: Buffer,
    acks: Acks,
    timeoutMs: number,
    maySend: () => boolean,
  ): Promise<Appended> {
    const found = this.#leaders.connection(topicId, partition)
    const connection = found instanceof Promise ? await found : found
    const boundedMs = Math.min(timeoutMs, limits.produceTimeoutMsMax)
    if (!maySend()) {
      throw new BusError('BROKER_UNAVAILABLE', 'The broker could not be reached in time.')
    }
    const response = await connection.request(
      produceApi,
      {
        transactionalId: null,
        acks: ACKS[acks],
        timeoutMs: boundedMs,
        topics: [{ name: topicId, partitions: [{ index: partition, records: batch }] }],
      },
      boundedMs + GRACE_MS,
    )
    const answer = response.topics[0]?.partitions[0]
    if (answer === undefined || answer.index !== partition) {
      throw new BusError('INTERNAL', 'The broker answered something else.')
    }
    if (answer.errorCode !== NO_ERROR) {
      throw refusal(errorFromKafka(answer.errorCode, answer.errorMessage, 'write'))
    }
    return { baseOffset: answer.baseOffset, appendTime: answer.logAppendTimeMs }
  }
}

/**
 * Our metadata has the topic, or nothing would have been sent: a broker that has not heard of it
 * yet will in a moment, and is until then no other case than a broker that does not lead.
 */
function refusal(error: BusError): BusError {
  if (error.code !== 'TOPIC_NOT_FOUND' && error.code !== 'PARTITION_NOT_FOUND') return error
  return new BusError('NOT_LEADER', 'The leader of the partition does not serve it yet.', {
    cause: error,
  })
}
