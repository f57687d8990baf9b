/** A client that asks for more than it takes costs the broker a bounded amount of memory. */
import { describe, expect, it } from 'vitest'
import { batchOf } from './fixture/batches.ts'
import type { Client } from './fixture/client.ts'
import { until } from './fixture/lifetime.ts'
import { answersOf, dial, fetchFrame, handshakeFrame } from './fixture/raw-client.ts'
import type { TestBroker } from './fixture/test-broker.ts'
import { startWithTopic, TOPIC } from './fixture/topic.ts'

const MIB = 1024 * 1024
const FETCHES = 100
/** What the sockets of both sides may hold on top of what the broker allows itself. */
const PREPARED_BYTES_MAX = 32 * MIB

async function startFilled(): Promise<{ broker: TestBroker; client: Client }> {
  const { broker, client } = await startWithTopic({}, 2)
  await client.untilServing(TOPIC, 0)
  const batch = batchOf(Array.from({ length: 100 }, () => 'x'.repeat(1_000)))
  for (let index = 0; index < 11; index++) await client.produceBatch(TOPIC, batch)
  return { broker, client }
}

async function fetchedBytes(broker: TestBroker): Promise<number> {
  const text = await broker.metrics.text()
  return Number(/^courant_broker_fetched_bytes_total (\d+)$/m.exec(text)?.[1])
}

/** Enough turns of the broker for it to have gone as far as it goes. */
async function letItWork(client: Client): Promise<void> {
  for (let index = 0; index < 50; index++) await client.latest(TOPIC)
}

function fetches(partition: number): Buffer {
  const frames = Array.from({ length: FETCHES }, (_, index) =>
    fetchFrame({
      correlationId: index + 2,
      topic: TOPIC,
      partition,
      offset: 0,
      maxWaitMs: 0,
      maxBytes: MIB,
    }),
  )
  return Buffer.concat(frames)
}

describe('a client that does not read', () => {
  it.each([
    ['in order', false],
    ['in any order', true],
  ])('gets no more prepared than its socket takes, and all when it reads (%s)', async (_, any) => {
    const { broker, client } = await startFilled()
    const socket = dial(broker.address)
    socket.write(handshakeFrame(any))
    socket.write(fetches(0))
    await until(async () => (await fetchedBytes(broker)) > 2 * MIB)
    await letItWork(client)
    expect(await fetchedBytes(broker)).toBeLessThan(PREPARED_BYTES_MAX)
    expect(await client.produce(TOPIC, ['others go on'], 1)).toBe(0)
    const ids = await answersOf(socket, FETCHES + 1)
    expect([...ids].sort((a, b) => a - b)).toEqual([0, ...from(2, FETCHES)])
  })

  it('has answers held for it behind a long poll, but only a few', async () => {
    const { broker, client } = await startFilled()
    const socket = dial(broker.address)
    socket.write(handshakeFrame())
    const poll = { correlationId: 1, topic: TOPIC, offset: 0, maxWaitMs: 5_000, maxBytes: MIB }
    socket.write(fetchFrame({ ...poll, partition: 1 }))
    socket.write(fetches(0))
    const ids = answersOf(socket, FETCHES + 2)
    await until(async () => (await fetchedBytes(broker)) > 3 * MIB)
    await letItWork(client)
    expect(await fetchedBytes(broker)).toBeLessThan(8 * MIB)
    await client.produce(TOPIC, ['the poll ends'], 1)
    expect(await ids).toEqual([0, ...from(1, FETCHES + 1)])
  })
})

function from(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index)
}
