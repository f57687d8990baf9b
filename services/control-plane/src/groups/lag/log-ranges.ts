import {
  BrokerConnection,
  listOffsetsApi,
  listOffsetsTimestamp,
  NO_ERROR,
} from '@courant/kafka-protocol'
import type { Address, Clock, Network } from '@courant/kernel'
import type { Logger } from '@courant/service-kit'

/** A partition, and who is to be asked for it. */
export interface LogPlace {
  readonly topicId: string
  readonly partition: number
  readonly leaderEpoch: number
  readonly leader: Address | null
}

/** From the first record that is there to the end of what consumers may see. */
export interface LogRange {
  readonly start: number
  readonly end: number
}

export interface BrokerAccess {
  readonly network: Network
  readonly clock: Clock
  readonly log: Logger
}

/** A consumer's view: a replica has a broker id here. */
const CONSUMER = -1
const TIMEOUT_MS = 5_000
/** In one request; a broker reads no frame of any size. */
const PARTITIONS_PER_REQUEST = 5_000

export function logKey({ topicId, partition }: Pick<LogPlace, 'topicId' | 'partition'>): string {
  return `${topicId}/${partition}`
}

/**
 * By `logKey`, what the leaders say, each of them asked once for all of its partitions. A partition
 * whose leader does not answer, or is none any more, is not in it.
 */
export async function readLogRanges(
  access: BrokerAccess,
  places: readonly LogPlace[],
): Promise<Map<string, LogRange>> {
  const distinct = new Map(places.map((place) => [logKey(place), place]))
  const ranges = new Map<string, LogRange>()
  const byLeader = Map.groupBy(distinct.values(), ({ leader }) => `${leader?.host}:${leader?.port}`)
  const asking = [...byLeader.values()].map(async (some) => {
    const leader = some[0]?.leader ?? null
    if (leader === null) return
    try {
      for (const [key, range] of await askLeader(access, leader, some)) ranges.set(key, range)
    } catch (err) {
      access.log.debug({ err, leader }, 'a broker did not tell the ends of its logs')
    }
  })
  await Promise.all(asking)
  return ranges
}

/** One connection for each sample: it is needed a few times a minute. */
async function askLeader(
  { network, clock }: BrokerAccess,
  address: Address,
  places: readonly LogPlace[],
): Promise<Map<string, LogRange>> {
  const connection = await BrokerConnection.open({
    ...{ network, clock, address },
    clientId: 'courant-control-plane',
    handshakeTimeoutMs: TIMEOUT_MS,
    answerOrder: 'any-order',
  })
  const ranges = new Map<string, LogRange>()
  try {
    for (let from = 0; from < places.length; from += PARTITIONS_PER_REQUEST) {
      const some = places.slice(from, from + PARTITIONS_PER_REQUEST)
      const [starts, ends] = await Promise.all([
        askOffsets(connection, some, listOffsetsTimestamp.earliest),
        askOffsets(connection, some, listOffsetsTimestamp.latest),
      ])
      for (const [key, end] of ends) {
        const start = starts.get(key)
        if (start !== undefined) ranges.set(key, { start, end })
      }
    }
  } finally {
    connection.close()
  }
  return ranges
}

async function askOffsets(
  connection: BrokerConnection,
  places: readonly LogPlace[],
  timestamp: number,
): Promise<Map<string, number>> {
  const topics = [...Map.groupBy(places, ({ topicId }) => topicId)].map(([name, some]) => ({
    name,
    partitions: some.map(({ partition, leaderEpoch }) => ({
      partitionIndex: partition,
      currentLeaderEpoch: leaderEpoch,
      timestamp,
    })),
  }))
  const request = { replicaId: CONSUMER, topics }
  const response = await connection.request(listOffsetsApi, request, TIMEOUT_MS)
  return new Map(
    response.topics.flatMap(({ name, partitions }) =>
      partitions
        .filter(({ errorCode }) => errorCode === NO_ERROR)
        .map(({ partitionIndex, offset }): [string, number] => [
          logKey({ topicId: name, partition: partitionIndex }),
          offset,
        ]),
    ),
  )
}
