/** What a reader learns of leaders: where it stands in their logs, and when to ask again. */
import { NO_ERROR, offsetForLeaderEpochApi } from '@courant/kafka-protocol'
import { describe, expect, it } from 'vitest'
import type { Client } from './fixture/client.ts'
import { startWithTopic, TOPIC } from './fixture/topic.ts'

const OFFSET_OUT_OF_RANGE = 1
const UNKNOWN_TOPIC_OR_PARTITION = 3
const FENCED_LEADER_EPOCH = 74
const UNKNOWN_LEADER_EPOCH = 76

async function epochOf(client: Client): Promise<number> {
  return (await client.listOffsets(TOPIC, -2)).leaderEpoch
}

async function endOf(client: Client, epoch: number, current = -1, partition = 0) {
  const asked = { partition, currentLeaderEpoch: current, leaderEpoch: epoch }
  const body = { topics: [{ topic: TOPIC, partitions: [asked] }] }
  const answer = await client.connection.request(offsetForLeaderEpochApi, body, 5_000)
  return answer.topics[0]?.partitions[0]
}

describe('a reader that knows a newer leader than this one', () => {
  it('is told to ask again, never that its offset is out of range (bug 42)', async () => {
    const { client } = await startWithTopic()
    await client.produce(TOPIC, ['a'])
    const own = await epochOf(client)
    const beyond = (leaderEpoch: number) => client.fetch(TOPIC, 50, { leaderEpoch })
    expect((await beyond(own + 1)).errorCode).toBe(UNKNOWN_LEADER_EPOCH)
    expect((await beyond(own)).errorCode).toBe(OFFSET_OUT_OF_RANGE)
    expect(await endOf(client, own, own + 1)).toMatchObject({ errorCode: UNKNOWN_LEADER_EPOCH })
    expect(await endOf(client, own, own - 1)).toMatchObject({ errorCode: FENCED_LEADER_EPOCH })
  })
})

describe('OffsetForLeaderEpoch', () => {
  it('answers where the largest epoch up to the one asked for ends', async () => {
    const { broker, client } = await startWithTopic()
    const first = await epochOf(client)
    await client.produce(TOPIC, ['a', 'b'])
    broker.controlPlane.decide(TOPIC, 0, { leader: 1, leaderEpoch: first + 4 })
    await client.untilServing(TOPIC)
    await client.produce(TOPIC, ['c'])
    const found = (leaderEpoch: number, endOffset: number) => ({
      partition: 0,
      errorCode: NO_ERROR,
      leaderEpoch,
      endOffset,
    })
    expect(await endOf(client, first)).toEqual(found(first, 2))
    expect(await endOf(client, first + 3)).toEqual(found(first, 2))
    expect(await endOf(client, first + 4, first + 4)).toEqual(found(first + 4, 3))
    expect(await endOf(client, first + 9)).toEqual(found(first + 4, 3))
    expect(await endOf(client, 0)).toEqual(found(-1, -1))
  })

  it('knows no partition that is not here', async () => {
    const { client } = await startWithTopic()
    expect((await endOf(client, 1, -1, 7))?.errorCode).toBe(UNKNOWN_TOPIC_OR_PARTITION)
  })
})
