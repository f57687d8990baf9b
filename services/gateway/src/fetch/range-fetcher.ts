import {
  type BrokerConnection,
  errorFromKafka,
  fetchApi,
  NO_ERROR,
  type RequestInputOf,
  type ResponseOf,
} from '@courant/kafka-protocol'
import { BusError } from '@courant/kernel'
import type { Leaders } from '../routing/leaders.ts'
import {
  ANSWER_TIMEOUT_MS,
  CONSUMER,
  type FetchBounds,
  type Fetched,
  type FetchPosition,
  ISOLATION,
  partitionName,
} from './partition-fetcher.ts'

/** A place in a log, and what was found there: an error of this partition holds up no other. */
export interface FetchedRange<Position extends FetchPosition> {
  readonly position: Position
  readonly outcome: Fetched | BusError
}

const NOTHING = Buffer.alloc(0)

/**
 * What the leaders have now at several positions: one request to each of them, which names the
 * positions in their order. The first ones get the room, so whoever asks again and again turns the
 * order. `maxBytes` holds for the answer of each leader. Never rejects with a BusError.
 */
export async function fetchRanges<Position extends FetchPosition>(
  leaders: Leaders,
  positions: readonly Position[],
  bounds: FetchBounds,
): Promise<FetchedRange<Position>[]> {
  const found = new Map<Position, Fetched | BusError>()
  const byLeader = new Map<BrokerConnection, Position[]>()
  const connecting = positions.map(async (position) => {
    try {
      const connection = await leaders.connection(position.topicId, position.partition)
      const known = byLeader.get(connection)
      if (known === undefined) byLeader.set(connection, [position])
      else known.push(position)
    } catch (thrown) {
      found.set(position, BusError.from(thrown))
    }
  })
  await Promise.all(connecting)
  const asking = [...byLeader].map(async ([connection, asked]) => {
    const outcomes = await ask(connection, asked, bounds)
    for (const position of asked) {
      const outcome =
        outcomes instanceof BusError ? outcomes : outcomes.get(partitionName(position))
      found.set(position, outcome ?? new BusError('INTERNAL', 'The broker left a partition out.'))
    }
  })
  await Promise.all(asking)
  return positions.flatMap((position) => {
    const outcome = found.get(position)
    return outcome === undefined ? [] : [{ position, outcome }]
  })
}

async function ask(
  connection: BrokerConnection,
  positions: readonly FetchPosition[],
  bounds: FetchBounds,
): Promise<Map<string, Fetched | BusError> | BusError> {
  try {
    const request = requestOf(positions, bounds)
    const response = await connection.request(fetchApi, request, ANSWER_TIMEOUT_MS)
    if (response.errorCode !== NO_ERROR) return errorFromKafka(response.errorCode, null, 'read')
    return outcomesOf(response)
  } catch (thrown) {
    return BusError.from(thrown)
  }
}

function outcomesOf(response: ResponseOf<typeof fetchApi>): Map<string, Fetched | BusError> {
  const outcomes = new Map<string, Fetched | BusError>()
  for (const { topic, partitions } of response.topics) {
    for (const answer of partitions) {
      const { errorCode, records, highWatermark, lastStableOffset, logStartOffset } = answer
      const ends = { highWatermark, lastStableOffset, logStartOffset }
      const outcome =
        errorCode === NO_ERROR
          ? { records: records ?? NOTHING, ...ends, memory: 'own' as const }
          : errorFromKafka(errorCode, null, 'read')
      outcomes.set(`${topic}/${answer.partition}`, outcome)
    }
  }
  return outcomes
}

/** Topics in the order of their first position. */
function requestOf(
  positions: readonly FetchPosition[],
  { maxBytes, isolation }: FetchBounds,
): RequestInputOf<typeof fetchApi> {
  const byTopic = new Map<string, FetchPosition[]>()
  for (const position of positions) {
    const known = byTopic.get(position.topicId)
    if (known === undefined) byTopic.set(position.topicId, [position])
    else known.push(position)
  }
  return {
    replicaId: CONSUMER,
    maxWaitMs: 0,
    minBytes: 1,
    maxBytes,
    isolationLevel: ISOLATION[isolation],
    topics: [...byTopic].map(([topic, ofTopic]) => ({
      topic,
      partitions: ofTopic.map(({ partition, offset }) => ({
        partition,
        fetchOffset: offset,
        partitionMaxBytes: maxBytes,
      })),
    })),
  }
}
