/**
 * Idempotent producers over real sockets and disks: a batch that is sent again is in the log once,
 * and is acknowledged no sooner than its original may be.
 */
import { describe, expect, it } from 'vitest'
import { batchOf } from './fixture/batches.ts'
import type { Client } from './fixture/client.ts'
import { FailingStorage } from './fixture/failing-storage.ts'
import { until } from './fixture/lifetime.ts'
import { startTestBroker } from './fixture/test-broker.ts'
import { TestCluster } from './fixture/test-cluster.ts'
import { startWithTopic, TOPIC } from './fixture/topic.ts'

/** A batch of one record, `p<sequence>`. */
function batch(baseSequence: number, producerEpoch = 0): Buffer {
  const producer = { producerId: 7_000, producerEpoch, baseSequence }
  return batchOf([`p${baseSequence}`], 1_000, producer)
}

async function send(client: Client, sequence: number, options = {}): Promise<number> {
  return (await client.produceBatch(TOPIC, batch(sequence), options)).baseOffset
}

async function codeOf(produced: Promise<unknown>): Promise<string> {
  return await produced.then(
    () => 'acknowledged',
    (error) => error.code,
  )
}

/** Broker 2 follows broker 1, whose writes to the ring can be stopped, or those of broker 2. */
async function twoReplicas(slowId: number) {
  const slow = new FailingStorage()
  const cluster = await TestCluster.start(2, {
    storage: (disk, id) => (id === slowId ? slow.wrap(disk) : disk),
  })
  cluster.plane.createTopic(TOPIC, [1, 2], { effectiveMinIsr: 1 })
  await cluster.untilInSync(TOPIC, [1, 2])
  return { cluster, slow }
}

function stallOf(disk: FailingStorage): () => void {
  const { promise, resolve } = Promise.withResolvers<void>()
  disk.stall = promise
  return () => {
    disk.stall = null
    resolve()
  }
}

describe('a batch that is sent again', () => {
  it('is acknowledged with its first offset, and is in the log once', async () => {
    const { client } = await startWithTopic()
    expect(await send(client, 0)).toBe(0)
    expect(await send(client, 1)).toBe(1)
    for (const acks of [-1, 1]) {
      expect(await send(client, 0, { acks })).toBe(0)
      expect(await send(client, 1, { acks })).toBe(1)
    }
    expect(await client.read(TOPIC)).toEqual(['p0', 'p1'])
  })

  it('is judged by those before it on the connection, which are not yet on the disk', async () => {
    const { client } = await startWithTopic()
    const sequences = [0, 1, 2, 0, 1, 2, 3, 5, 3]
    const outcomes = await Promise.allSettled(sequences.map((sequence) => send(client, sequence)))
    expect(outcomes.map((each) => (each.status === 'fulfilled' ? each.value : -1))).toEqual([
      0, 1, 2, 0, 1, 2, 3, -1, 3,
    ])
    expect(await client.read(TOPIC)).toEqual(['p0', 'p1', 'p2', 'p3'])
  })

  it('is known after a restart of the broker', async () => {
    const { broker, client } = await startWithTopic()
    for (let sequence = 0; sequence < 7; sequence += 1) await send(client, sequence)
    const { directory, controlPlane } = broker
    await broker.stop()
    const again = await (await startTestBroker({ directory, controlPlane })).client()
    await again.untilServing(TOPIC)
    expect(await send(again, 6)).toBe(6)
    expect(await codeOf(send(again, 1))).toBe('DUPLICATE_SEQUENCE_NUMBER')
    expect(await codeOf(send(again, 8))).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
    expect(await send(again, 7)).toBe(7)
  })

  it('waits for the disk with its original, also when nobody waits for that any more', async () => {
    const disk = new FailingStorage()
    const broker = await startTestBroker({ storage: (real) => disk.wrap(real) })
    broker.controlPlane.createTopic(TOPIC)
    const client = await broker.client()
    await client.untilServing(TOPIC)
    const release = stallOf(disk)
    expect(await codeOf(send(client, 0, { timeoutMs: 10 }))).toBe('TIMED_OUT')
    expect(await codeOf(send(client, 0, { timeoutMs: 10 }))).toBe('TIMED_OUT')
    expect(await codeOf(send(client, 0, { timeoutMs: 10, acks: 1 }))).toBe('TIMED_OUT')
    const waiting = send(client, 0)
    release()
    expect(await waiting).toBe(0)
    expect(await client.read(TOPIC)).toEqual(['p0'])
  })

  it('has the append time of its first', async () => {
    const { client } = await startWithTopic({ 'message.timestamp.type': 'append' })
    const { logAppendTimeMs } = await client.produceBatch(TOPIC, batch(0))
    await until(() => Date.now() > logAppendTimeMs)
    expect(await client.produceBatch(TOPIC, batch(0))).toMatchObject({ logAppendTimeMs })
  })

  it('of an epoch that is over is refused', async () => {
    const { client } = await startWithTopic()
    await client.produceBatch(TOPIC, batch(0))
    expect((await client.produceBatch(TOPIC, batch(0, 3))).baseOffset).toBe(1)
    expect(await codeOf(client.produceBatch(TOPIC, batch(1)))).toBe('INVALID_PRODUCER_EPOCH')
  })

  it('counts as one that was not appended', async () => {
    const { broker, client } = await startWithTopic()
    await send(client, 0)
    await send(client, 0)
    const text = await broker.metrics.text()
    expect(text).toMatch(/^courant_broker_produced_batches_total 1$/m)
    expect(text).toMatch(/^courant_broker_duplicate_batches_total 1$/m)
  })
})

describe('a batch that is sent again to several replicas', () => {
  it('waits until its original is committed, with acks=all, and not longer with acks=1', async () => {
    const { cluster, slow } = await twoReplicas(2)
    const client = await cluster.leaderOf(TOPIC)
    expect(await send(client, 0)).toBe(0)
    const release = stallOf(slow)
    expect(await codeOf(send(client, 1, { timeoutMs: 10 }))).toBe('TIMED_OUT')
    expect(await send(client, 1, { acks: 1 })).toBe(1)
    expect(await codeOf(send(client, 1, { timeoutMs: 10 }))).toBe('TIMED_OUT')
    expect(await send(client, 0)).toBe(0)
    const waiting = send(client, 1)
    release()
    expect(await waiting).toBe(1)
    const logs = await cluster.stopAndRead(TOPIC)
    expect(logs.get(1)?.equals(logs.get(2) ?? Buffer.alloc(0))).toBe(true)
  })

  it('is known to the leader that takes over', async () => {
    const cluster = await TestCluster.start(3)
    cluster.plane.createTopic(TOPIC, [1, 2, 3], { effectiveMinIsr: 2 })
    const before = await cluster.leaderOf(TOPIC)
    for (let sequence = 0; sequence < 8; sequence += 1) await send(before, sequence)
    cluster.plane.cut.add(1)
    cluster.plane.fence(1)
    const after = await cluster.leaderOf(TOPIC)
    expect(await send(after, 7)).toBe(7)
    expect(await send(after, 3)).toBe(3)
    expect(await codeOf(send(after, 2))).toBe('DUPLICATE_SEQUENCE_NUMBER')
    expect(await codeOf(send(after, 9))).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
    expect(await send(after, 8)).toBe(8)
    expect(await after.read(TOPIC)).toEqual(Array.from({ length: 9 }, (_, index) => `p${index}`))
  })

  it('waits at a new leader until that knows what is committed', async () => {
    const slow = new FailingStorage()
    const cluster = await TestCluster.start(3, {
      storage: (disk, id) => (id === 3 ? slow.wrap(disk) : disk),
    })
    cluster.plane.createTopic(TOPIC, [1, 2, 3], { effectiveMinIsr: 2 })
    const before = await cluster.leaderOf(TOPIC)
    expect(await send(before, 0)).toBe(0)
    const release = stallOf(slow)
    expect(await codeOf(send(before, 1, { timeoutMs: 100 }))).toBe('TIMED_OUT')
    cluster.plane.cut.add(1)
    cluster.plane.fence(1)
    const after = await cluster.leaderOf(TOPIC)
    expect(await codeOf(send(after, 1, { timeoutMs: 10 }))).toBe('TIMED_OUT')
    expect(await codeOf(send(after, 0, { timeoutMs: 10 }))).toBe('TIMED_OUT')
    const waiting = send(after, 1)
    release()
    expect(await waiting).toBe(1)
    expect(await after.read(TOPIC)).toEqual(['p0', 'p1'])
  })

  it('is appended anew by a leader that never had its original', async () => {
    const { cluster } = await twoReplicas(0)
    const before = await cluster.leaderOf(TOPIC)
    expect(await send(before, 0)).toBe(0)
    cluster.plane.cut.add(1)
    cluster.plane.fence(1)
    const after = await cluster.leaderOf(TOPIC)
    const lost = codeOf(send(before, 1))
    expect(await send(after, 1)).toBe(1)
    expect(await send(after, 2)).toBe(2)
    cluster.plane.reconnect(1)
    expect(await lost).toBe('NOT_LEADER_AFTER_APPEND')
    await cluster.untilInSync(TOPIC, [1, 2])
    cluster.plane.move(TOPIC, 1)
    const back = await cluster.leaderOf(TOPIC)
    expect(await send(back, 2)).toBe(2)
    expect(await send(back, 3)).toBe(3)
    const logs = await cluster.stopAndRead(TOPIC)
    expect(logs.get(1)?.equals(logs.get(2) ?? Buffer.alloc(0))).toBe(true)
  })
})
