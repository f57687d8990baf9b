/** Fetches that wait: what wakes them, what ends them, and that nobody waits behind them. */
import { fetchApi } from '@courant/kafka-protocol'
import { describe, expect, it } from 'vitest'
import { valuesOf } from './fixture/batches.ts'
import { until } from './fixture/lifetime.ts'
import { startWithTopic, TOPIC } from './fixture/topic.ts'

const NOT_LEADER = 6
const UNKNOWN_TOPIC_OR_PARTITION = 3
const LONG_MS = 5_000

async function longPolls(broker: { metrics: { text(): Promise<string> } }): Promise<number> {
  const text = await broker.metrics.text()
  return Number(/^courant_broker_long_polls (\d+)$/m.exec(text)?.[1])
}

describe('a long poll', () => {
  it('is answered by the record that it waits for', async () => {
    const { broker, client } = await startWithTopic()
    const poll = client.fetch(TOPIC, 0, { maxWaitMs: LONG_MS })
    await until(async () => (await longPolls(broker)) === 1)
    await client.produce(TOPIC, ['a'])
    expect(valuesOf((await poll).records, 0)).toEqual(['a'])
    expect(await longPolls(broker)).toBe(0)
  })

  it('ends with nothing when its time is up', async () => {
    const { broker, client } = await startWithTopic()
    const answer = await client.fetch(TOPIC, 0, { maxWaitMs: 30 })
    expect([answer.errorCode, answer.highWatermark]).toEqual([0, 0])
    expect(valuesOf(answer.records, 0)).toEqual([])
    expect(await longPolls(broker)).toBe(0)
  })

  it('waits for as many bytes as it asks for, then returns all of them', async () => {
    const { broker, client } = await startWithTopic()
    await client.produce(TOPIC, ['a'.repeat(1_000)])
    const poll = client.fetch(TOPIC, 0, { maxWaitMs: LONG_MS, minBytes: 2_500 })
    await until(async () => (await longPolls(broker)) === 1)
    await client.produce(TOPIC, ['b'.repeat(1_000)])
    await until(async () => (await longPolls(broker)) === 1)
    await client.produce(TOPIC, ['c'.repeat(1_000)])
    expect(valuesOf((await poll).records, 0).map((value) => value[0])).toEqual(['a', 'b', 'c'])
  })

  it('returns what little there is when its time is up', async () => {
    const { client } = await startWithTopic()
    await client.produce(TOPIC, ['a'])
    const { records } = await client.fetch(TOPIC, 0, { maxWaitMs: 30, minBytes: 10_000 })
    expect(valuesOf(records, 0)).toEqual(['a'])
  })

  it('over many partitions is answered by any of them', async () => {
    const { broker, client } = await startWithTopic({}, 200)
    for (let index = 0; index < 200; index++) await client.untilServing(TOPIC, index)
    const partitions = Array.from({ length: 200 }, (_, partition) => ({
      partition,
      fetchOffset: 0,
      partitionMaxBytes: 1_000,
    }))
    const body = { replicaId: -1, maxWaitMs: LONG_MS, minBytes: 1, maxBytes: 1_000_000 }
    const topics = [{ topic: TOPIC, partitions }]
    const request = { ...body, isolationLevel: 0, topics }
    const poll = client.connection.request(fetchApi, request, LONG_MS * 2)
    await until(async () => (await longPolls(broker)) === 1)
    await client.produce(TOPIC, ['here'], 123)
    const answered = (await poll).topics[0]?.partitions ?? []
    const found = answered.filter(({ records }) => (records?.length ?? 0) > 0)
    expect(found.map(({ partition }) => partition)).toEqual([123])
    expect(answered.length).toBe(200)
  })

  it('is told at once when the leader goes, and when the topic is deleted', async () => {
    const { broker, client } = await startWithTopic({}, 2)
    await client.untilServing(TOPIC, 0)
    const left = client.fetch(TOPIC, 0, { maxWaitMs: LONG_MS })
    const deleted = client.fetch(TOPIC, 0, { maxWaitMs: LONG_MS, partition: 1 })
    await until(async () => (await longPolls(broker)) === 2)
    broker.controlPlane.decide(TOPIC, 0, { leader: 2 })
    expect((await left).errorCode).toBe(NOT_LEADER)
    broker.controlPlane.deleteTopic(TOPIC)
    expect((await deleted).errorCode).toBe(UNKNOWN_TOPIC_OR_PARTITION)
  })

  it('holds up nobody where answers may overtake, and keeps the order where they may not', async () => {
    const { broker, client } = await startWithTopic()
    expect(client.connection.answerOrder).toBe('any-order')
    const inOrder = await broker.client({ answerOrder: 'in-order' })
    await client.produce(TOPIC, ['zero'])
    const order: string[] = []
    const note = (name: string) => () => void order.push(name)
    const polls = [
      client.fetch(TOPIC, 1, { maxWaitMs: LONG_MS }).then(note('overtaken')),
      inOrder.fetch(TOPIC, 1, { maxWaitMs: LONG_MS }).then(note('first')),
    ]
    const second = inOrder.latest(TOPIC).then(note('second'))
    await until(async () => (await longPolls(broker)) === 2)
    await client.latest(TOPIC).then(note('overtakes'))
    expect(order).toEqual(['overtakes'])
    await client.produce(TOPIC, ['one'])
    await Promise.all([...polls, second])
    expect(order.indexOf('first')).toBeLessThan(order.indexOf('second'))
  })

  it('is answered when the broker stops, also when no leader could be moved away', async () => {
    const { broker, client } = await startWithTopic()
    const poll = client.fetch(TOPIC, 0, { maxWaitMs: LONG_MS })
    await until(async () => (await longPolls(broker)) === 1)
    broker.controlPlane.isAway = true
    await broker.stop()
    expect(await poll).toMatchObject({ errorCode: 0, highWatermark: 0 })
  })
})
