import {
  type heaviestKeysApi,
  kafkaCodeOf,
  NO_ERROR,
  type RequestHandler,
  type RequestOf,
  type ResponseInputOf,
} from '@courant/kafka-protocol'
import { type Clock, limits } from '@courant/kernel'
import type { HeaviestKeys } from '../keys/heaviest-keys.ts'
import type { PartitionRegistry } from '../partition/partition-registry.ts'
import { expected } from '../partition/refusals.ts'
import type { RequestCounts } from '../request-counts.ts'
import { unknownPartition } from './unknown-partition.ts'

type Request = RequestOf<typeof heaviestKeysApi>
type Response = ResponseInputOf<typeof heaviestKeysApi>
type Answer = Response['topics'][number]['partitions'][number]

export interface HeaviestKeysParts {
  readonly partitions: PartitionRegistry
  readonly clock: Clock
  readonly counts: RequestCounts
}

const NOTHING: HeaviestKeys = {
  windowMs: -1,
  records: 0,
  bytes: 0,
  keylessRecords: 0,
  keylessBytes: 0,
  unseenRecords: 0,
  keys: [],
}

/** Serves HeaviestKeys from memory. Followers know nothing of it, and say that they do not lead. */
export function heaviestKeysHandler(parts: HeaviestKeysParts): RequestHandler<Request, Response> {
  const answer = (topic: string, partitionIndex: number, keysMax: number): Answer => {
    try {
      const partition = parts.partitions.find(topic, partitionIndex)
      if (partition === null) throw unknownPartition()
      const { keys } = partition.requireLeadership()
      const heaviest = keys.heaviest(parts.clock.now(), keysMax) ?? NOTHING
      return { partitionIndex, errorCode: NO_ERROR, ...heaviest }
    } catch (thrown) {
      return { partitionIndex, errorCode: kafkaCodeOf(expected(thrown)), ...NOTHING }
    }
  }
  return (request, exchange) => {
    const keysMax = Math.min(Math.max(request.keysMax, 0), limits.heaviestKeysMax)
    const topics = request.topics.map(({ name, partitionIndexes }) => ({
      name,
      partitions: partitionIndexes.map((index) => answer(name, index, keysMax)),
    }))
    const all = topics.flatMap(({ partitions }) => partitions)
    const failed = all.find(({ errorCode }) => errorCode !== NO_ERROR)
    parts.counts.add('HeaviestKeys', failed?.errorCode ?? NO_ERROR)
    exchange.respond({ throttleTimeMs: 0, topics })
  }
}
