import { errorFromKafka, NO_ERROR, offsetForLeaderEpochApi } from '@courant/kafka-protocol'
import { BusError } from '@courant/kernel'
import type { PartitionReader } from '../../fetch/partition-reader.ts'
import type { Leaders } from '../../routing/leaders.ts'
import { outOfRange } from '../../routing/out-of-range.ts'
import type { MemberPosition } from './member-positions.ts'
import type { AutoOffsetReset } from './poll-request.ts'

/** That a position was moved by a rule and not by reading: told in the answer, never silent. */
export interface OffsetReset {
  readonly topic: string
  readonly partition: number
  /**
   * `NO_COMMITTED_OFFSET`: there was none. `DELETED`: the records at the position are gone by
   * retention or deletion. `TRUNCATED`: the log lost its end in an unclean election; what follows
   * is new.
   */
  readonly reason: 'NO_COMMITTED_OFFSET' | 'DELETED' | 'TRUNCATED'
  readonly from: number | null
  readonly to: number
}

const ANSWER_TIMEOUT_MS = 5_000

/** Where to read when the position does not say it, or says what the log does not have (B9.2). */
export class OffsetResets {
  readonly #leaders: Leaders
  readonly #reader: PartitionReader

  constructor(leaders: Leaders, reader: PartitionReader) {
    this.#leaders = leaders
    this.#reader = reader
  }

  /** Gives the position its first offset. Throws NO_COMMITTED_OFFSET where the rule is `none`. */
  async first(
    position: MemberPosition,
    rule: AutoOffsetReset,
    signal: AbortSignal,
  ): Promise<OffsetReset> {
    const { topic, partition } = position
    if (rule === 'none') {
      const detail = `Partition ${partition} of ${JSON.stringify(topic)} has no committed offset.`
      throw new BusError('NO_COMMITTED_OFFSET', detail, { extra: { topic, partition } })
    }
    const to = await this.#reader.startOffset(position, rule, signal)
    return move(position, to, 'NO_COMMITTED_OFFSET')
  }

  /**
   * Of a position that its leader says is out of range. Below the log the rule decides; beyond its
   * end the log was cut, and reading goes on where it was. Throws OFFSET_OUT_OF_RANGE where the
   * rule is `none`.
   */
  async outOfRange(position: MemberPosition, rule: AutoOffsetReset): Promise<OffsetReset | null> {
    const { topicId, topic, partition, next } = position
    const error = await outOfRange(this.#leaders, topicId, partition, next ?? 0)
    const { logStartOffset: start, highWatermark: end } = error.extra as {
      readonly logStartOffset: number
      readonly highWatermark: number
    }
    const at = next ?? 0
    if (at >= start && at <= end) return null
    if (rule === 'none') {
      const extra = { ...error.extra, topic, partition }
      throw new BusError(error.code, `${topic}/${partition}: ${error.detail}`, { extra })
    }
    if (at < start) return move(position, rule === 'earliest' ? start : end, 'DELETED')
    const cutAt = await this.#endOfEpoch(position)
    const to = Math.max(start, Math.min(end, cutAt ?? end))
    return move(position, to, 'TRUNCATED')
  }

  /** Where the log of today leaves that which the position was read from; null if nobody knows. */
  async #endOfEpoch({ topicId, partition, leaderEpoch }: MemberPosition): Promise<number | null> {
    if (leaderEpoch < 0) return null
    const connection = await this.#leaders.connection(topicId, partition)
    const response = await connection.request(
      offsetForLeaderEpochApi,
      {
        replicaId: -1,
        topics: [
          {
            topic: topicId,
            partitions: [{ partition, currentLeaderEpoch: -1, leaderEpoch }],
          },
        ],
      },
      ANSWER_TIMEOUT_MS,
    )
    const answer = response.topics[0]?.partitions[0]
    if (answer === undefined) throw new BusError('INTERNAL', 'The broker answered something else.')
    if (answer.errorCode !== NO_ERROR) throw errorFromKafka(answer.errorCode, null, 'read')
    return answer.endOffset < 0 ? null : answer.endOffset
  }
}

function move(position: MemberPosition, to: number, reason: OffsetReset['reason']): OffsetReset {
  const { topic, partition, next: from } = position
  position.next = to
  position.leaderEpoch = -1
  return { topic, partition, reason, from, to }
}
