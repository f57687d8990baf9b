/** Fetches of a follower that share a session, over a real socket: what each answer may tell. */
import { type BrokerConnection, fetchApi, NO_ERROR } from '@courant/kafka-protocol'
import { describe, expect, it } from 'vitest'
import { until } from './fixture/lifetime.ts'
import { TestCluster } from './fixture/test-cluster.ts'
import { TOPIC } from './fixture/topic.ts'

const LATEST = -1
const FOLLOWER = 2
/** Above that of the broker whose place the test takes. */
const FOLLOWER_EPOCH = 1_000
const WAIT_MS = 200
const TIMEOUT_MS = 20_000

/** A fetch of the follower; without `asked` it asks for nothing new. */
function fetch(
  connection: BrokerConnection,
  session: { readonly sessionId: number; readonly sessionEpoch: number },
  asked: { readonly offset: number; readonly leaderEpoch: number } | null,
) {
  const partitions = asked === null ? [] : [positionOf(asked)]
  const body = {
    ...session,
    replicaId: FOLLOWER,
    replicaState: { replicaId: FOLLOWER, replicaEpoch: FOLLOWER_EPOCH },
    maxWaitMs: WAIT_MS,
    minBytes: 1,
    maxBytes: 1 << 20,
    isolationLevel: 0,
    topics: asked === null ? [] : [{ topic: TOPIC, partitions }],
  }
  return connection.request(fetchApi, body, TIMEOUT_MS)
}

function positionOf({ offset, leaderEpoch }: { offset: number; leaderEpoch: number }) {
  return {
    partition: 0,
    fetchOffset: offset,
    lastFetchedEpoch: leaderEpoch,
    currentLeaderEpoch: leaderEpoch,
    logStartOffset: 0,
    partitionMaxBytes: 1 << 20,
  }
}

describe('a fetch that another one of its session overtakes', () => {
  it('tells nothing of what that one asks, whose answer the follower looks for it in', async () => {
    const cluster = await TestCluster.start(FOLLOWER)
    cluster.plane.createTopic(TOPIC, [1, FOLLOWER])
    await cluster.produce(TOPIC, ['a'])
    await cluster.stopBroker(FOLLOWER)
    cluster.plane.fence(FOLLOWER)
    const client = await cluster.leaderOf(TOPIC)
    await until(async () => (await client.latest(TOPIC)) === 1)
    const { leaderEpoch } = await client.listOffsets(TOPIC, LATEST)
    const asked = { offset: 1, leaderEpoch }
    const { connection } = client
    let sessionId = 0
    await until(async () => {
      const begun = await fetch(connection, { sessionId: 0, sessionEpoch: 0 }, asked)
      sessionId = begun.sessionId
      return begun.topics[0]?.partitions[0]?.errorCode === NO_ERROR
    })
    const overtaken = fetch(connection, { sessionId, sessionEpoch: 1 }, null)
    const overtaking = fetch(connection, { sessionId, sessionEpoch: 2 }, asked)
    expect((await overtaken).topics).toEqual([])
    expect((await overtaking).topics).toMatchObject([
      { topic: TOPIC, partitions: [{ partition: 0, errorCode: NO_ERROR, highWatermark: 1 }] },
    ])
  })
})
