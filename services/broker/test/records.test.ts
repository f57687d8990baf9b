/** Requests over a real socket, records on a real disk. */
import { listOffsetsTimestamp } from '@courant/kafka-protocol'
import { describe, expect, it } from 'vitest'
import { batchOf, valuesOf } from './fixture/batches.ts'
import { startTestBroker, type TestBroker, until } from './fixture/test-broker.ts'

const TOPIC = '11111111-2222-4333-8444-555555555555'

async function start(config: Record<string, string> = {}, partitions = 1) {
  const broker = await startTestBroker()
  broker.controlPlane.createTopic(TOPIC, partitions, config)
  const client = await broker.client()
  await client.untilServing(TOPIC)
  return { broker, client }
}

describe('produce and fetch', () => {
  it('returns what was acknowledged, in order, with the offsets that were told', async () => {
    const { client } = await start()
    expect(await client.produce(TOPIC, ['a', 'b'])).toBe(0)
    expect(await client.produce(TOPIC, ['c'])).toBe(2)
    expect(await client.read(TOPIC)).toEqual(['a', 'b', 'c'])
    const { highWatermark, logStartOffset } = await client.fetch(TOPIC, 3)
    expect([highWatermark, logStartOffset]).toEqual([3, 0])
  })

  it('appends pipelined produces in the order in which they were sent', async () => {
    const { client } = await start()
    const values = Array.from({ length: 500 }, (_, index) => `v${index}`)
    const offsets = await Promise.all(values.map((value) => client.produce(TOPIC, [value])))
    expect(offsets).toEqual(values.map((_, index) => index))
    expect(await client.read(TOPIC)).toEqual(values)
  })
})
