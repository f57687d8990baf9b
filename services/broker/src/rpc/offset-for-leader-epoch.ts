import {
  kafkaCodeOf,
  NO_ERROR,
  type offsetForLeaderEpochApi,
  type RequestHandler,
  type RequestOf,
  type ResponseInputOf,
} from '@courant/kafka-protocol'
import type { LeaderEpoch } from '@courant/kernel'
import type { PartitionRegistry } from '../partition/partition-registry.ts'
import { expected } from '../partition/refusals.ts'
import type { RequestCounts } from '../request-counts.ts'
import { unknownPartition } from './unknown-partition.ts'

type Request = RequestOf<typeof offsetForLeaderEpochApi>
type Asked = Request['topics'][number]['partitions'][number]
type Response = ResponseInputOf<typeof offsetForLeaderEpochApi>
type Answer = Response['topics'][number]['partitions'][number]

export interface OffsetForLeaderEpochParts {
  readonly partitions: PartitionRegistry
  readonly counts: RequestCounts
}

const UNKNOWN = { leaderEpoch: -1, endOffset: -1 }

/**
 * Serves OffsetForLeaderEpoch: where the largest epoch that is not above the one asked for ends in
 * this leader's log. A reader that has read beyond it has read what was cut (KIP-320, reliability
 * B9.2). Our followers do not need it: their fetches are answered with the divergence.
 */
export function offsetForLeaderEpochHandler({
  partitions,
  counts,
}: OffsetForLeaderEpochParts): RequestHandler<Request, Response> {
  const answer = (topic: string, asked: Asked): Answer => {
    const { partition, currentLeaderEpoch, leaderEpoch } = asked
    try {
      const found = partitions.find(topic, partition)
      if (found === null) throw unknownPartition()
      const leadership = found.requireLeadership()
      leadership.checkEpoch(currentLeaderEpoch)
      const end = leadership.log.endOffsetForEpoch(leaderEpoch as LeaderEpoch)
      if (end === null) return { partition, errorCode: NO_ERROR, ...UNKNOWN }
      return { partition, errorCode: NO_ERROR, leaderEpoch: end.epoch, endOffset: end.end }
    } catch (thrown) {
      return { partition, errorCode: kafkaCodeOf(expected(thrown)), ...UNKNOWN }
    }
  }
  return (request, exchange) => {
    const topics = request.topics.map(({ topic, partitions: asked }) => ({
      topic,
      partitions: asked.map((each) => answer(topic, each)),
    }))
    const all = topics.flatMap(({ partitions: answered }) => answered)
    const failed = all.find(({ errorCode }) => errorCode !== NO_ERROR)
    counts.add('OffsetForLeaderEpoch', failed?.errorCode ?? NO_ERROR)
    exchange.respond({ throttleTimeMs: 0, topics })
  }
}
