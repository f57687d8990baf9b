import { deleteRecordsApi, errorFromKafka, NO_ERROR } from '@courant/kafka-protocol'
import {
  BusError,
  type Clock,
  type Offset,
  offset,
  type PartitionIndex,
  type TopicId,
  wait,
} from '@courant/kernel'
import type { TopicBrokers } from '../rest/topics/topic-brokers.ts'
import type { Leaders } from './leaders.ts'
import { outOfRange } from './out-of-range.ts'
import { findOffset } from './partition-offsets.ts'

const PROBE_TIMEOUT_MS = 2_000
const PROBE_PAUSE_MS_MIN = 5
const PROBE_PAUSE_MS_MAX = 250
/** Partitions of one topic that are probed at the same time. */
const PROBES_MAX = 64
/** DeleteRecords' name for the high watermark. */
const HIGH_WATERMARK = -1

/** What management asks of brokers, in requests that any broker of the protocol answers. */
export class ServingTopics implements TopicBrokers {
  readonly #leaders: Leaders
  readonly #clock: Clock

  constructor(leaders: Leaders, clock: Clock) {
    this.#leaders = leaders
    this.#clock = clock
  }

  async waitUntilServing(topic: TopicId, partitions: number, timeoutMs: number): Promise<boolean> {
    const deadlineMs = this.#clock.monotonicMs() + timeoutMs
    let next = 0
    const probeSome = async (): Promise<boolean> => {
      while (next < partitions) {
        const partition = next
        next += 1
        if (!(await this.#untilServing(topic, partition, deadlineMs))) return false
      }
      return true
    }
    const probes = Array.from({ length: Math.min(PROBES_MAX, partitions) }, probeSome)
    return (await Promise.all(probes)).every((isServing) => isServing)
  }

  async deleteRecords(
    topic: TopicId,
    partition: PartitionIndex,
    before: Offset | 'latest',
    timeoutMs: number,
  ): Promise<Offset> {
    const connection = await this.#leaders.connection(topic, partition)
    const offsetOrMark = before === 'latest' ? HIGH_WATERMARK : before
    const response = await connection.request(
      deleteRecordsApi,
      {
        topics: [
          { name: topic, partitions: [{ partitionIndex: partition, offset: offsetOrMark }] },
        ],
        timeoutMs,
      },
      timeoutMs,
    )
    const answer = response.topics[0]?.partitions[0]
    if (answer === undefined) throw new BusError('INTERNAL', 'The broker answered something else.')
    if (answer.errorCode === NO_ERROR) return offset(answer.lowWatermark)
    const error = errorFromKafka(answer.errorCode, null, 'write')
    if (error.code !== 'OFFSET_OUT_OF_RANGE') throw error
    throw await outOfRange(this.#leaders, topic, partition, offsetOrMark)
  }

  /** Asks for the partition's start again and again, faster at first. */
  async #untilServing(topic: TopicId, partition: number, deadlineMs: number): Promise<boolean> {
    let pauseMs = PROBE_PAUSE_MS_MIN
    while (true) {
      if (await this.#serves(topic, partition)) return true
      if (this.#clock.monotonicMs() + pauseMs >= deadlineMs) return false
      await wait(this.#clock, pauseMs)
      pauseMs = Math.min(pauseMs * 2, PROBE_PAUSE_MS_MAX)
    }
  }

  async #serves(topic: TopicId, partition: number): Promise<boolean> {
    try {
      await findOffset(this.#leaders, topic, partition, 'earliest', PROBE_TIMEOUT_MS)
      return true
    } catch (error) {
      if (error instanceof BusError) return false
      throw error
    }
  }
}
