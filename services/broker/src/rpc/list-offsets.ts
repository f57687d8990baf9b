import {
  kafkaCodeOf,
  type listOffsetsApi,
  listOffsetsTimestamp,
  NO_ERROR,
  type RequestHandler,
  type RequestOf,
  type ResponseInputOf,
} from '@courant/kafka-protocol'
import { BusError } from '@courant/kernel'
import type { Partition } from '../partition/partition.ts'
import type { PartitionRegistry } from '../partition/partition-registry.ts'
import { expected } from '../partition/refusals.ts'
import type { RequestCounts } from '../request-counts.ts'
import { unknownPartition } from './unknown-partition.ts'

type Request = RequestOf<typeof listOffsetsApi>
type Asked = Request['topics'][number]['partitions'][number]
type Response = ResponseInputOf<typeof listOffsetsApi>
type Answer = Response['topics'][number]['partitions'][number]

export interface ListOffsetsParts {
  readonly partitions: PartitionRegistry
  readonly counts: RequestCounts
}

/** A place in the log, with the time of its record where it was found by time. */
interface Found {
  readonly offset: number
  readonly timestamp: number
}

const NOTHING: Found = { offset: -1, timestamp: -1 }

/** Serves ListOffsets. What asks for a time may have to look into files; the rest is at hand. */
export function listOffsetsHandler(parts: ListOffsetsParts): RequestHandler<Request, Response> {
  return async (request, exchange) => {
    const topics = await Promise.all(
      request.topics.map(async ({ name, partitions }) => ({
        name,
        partitions: await Promise.all(
          partitions.map((asked) =>
            answer(parts.partitions.find(name, asked.partitionIndex), asked),
          ),
        ),
      })),
    )
    const all = topics.flatMap(({ partitions }) => partitions)
    const failed = all.find(({ errorCode }) => errorCode !== NO_ERROR)
    parts.counts.add('ListOffsets', failed?.errorCode ?? NO_ERROR)
    exchange.respond({ topics })
  }
}

async function answer(partition: Partition | null, asked: Asked): Promise<Answer> {
  const { partitionIndex, timestamp, currentLeaderEpoch } = asked
  try {
    if (partition === null) throw unknownPartition()
    const leadership = partition.requireLeadership()
    leadership.checkEpoch(currentLeaderEpoch)
    const { epoch: leaderEpoch } = leadership
    const found = await find(partition, timestamp)
    return { partitionIndex, errorCode: NO_ERROR, leaderEpoch, ...found }
  } catch (thrown) {
    return { partitionIndex, errorCode: kafkaCodeOf(expected(thrown)), ...NOTHING }
  }
}

async function find(partition: Partition, timestamp: number): Promise<Found> {
  switch (timestamp) {
    case listOffsetsTimestamp.earliest:
      return { offset: partition.requireLeadership().log.logStartOffset, timestamp: -1 }
    case listOffsetsTimestamp.latest:
      return { offset: partition.requireLeadership().latestOffset(), timestamp: -1 }
    case listOffsetsTimestamp.maxTimestamp:
      return (await findNewest(partition)) ?? NOTHING
    default:
      if (timestamp < 0) throw new BusError('INVALID_ARGUMENT', 'That is no time.')
      return (await findSince(partition, timestamp)) ?? NOTHING
  }
}

function findSince(partition: Partition, timestamp: number): Promise<Found | null> {
  const leadership = partition.requireLeadership()
  return leadership.log.offsetForTimestamp(timestamp, leadership.latestOffset())
}

/**
 * The first record with the largest timestamp (KIP-734). "Is there one at or after t" gets false
 * for good at some t, which halving finds in some fifty questions, each by the time index.
 * Rejected: a largest timestamp kept with every partition, which all would pay for and hardly
 * anyone asks for.
 */
async function findNewest(partition: Partition): Promise<Found | null> {
  let newest = await findSince(partition, 0)
  if (newest === null) return null
  let above = Number.MAX_SAFE_INTEGER
  while (newest.timestamp + 1 < above) {
    const middle = newest.timestamp + Math.ceil((above - newest.timestamp) / 2)
    const found = await findSince(partition, middle)
    if (found === null) above = middle
    else newest = found
  }
  return newest
}
