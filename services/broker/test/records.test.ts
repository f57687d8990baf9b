/** Requests over a real socket, records on a real disk. */
import { listOffsetsTimestamp, produceApi } from '@courant/kafka-protocol'
import { RecordBatch } from '@courant/record-batch'
import { describe, expect, it } from 'vitest'
import { batchOf, valuesOf } from './fixture/batches.ts'
import { until } from './fixture/lifetime.ts'
import { startWithTopic, TOPIC } from './fixture/topic.ts'

const NO_ERROR = 0
const OFFSET_OUT_OF_RANGE = 1
const UNKNOWN_TOPIC_OR_PARTITION = 3
const INVALID_REQUEST = 42
const FENCED_LEADER_EPOCH = 74
const UNKNOWN_LEADER_EPOCH = 76

describe('Produce', () => {
  it('returns what was acknowledged, in order, with the offsets that were told', async () => {
    const { client } = await startWithTopic()
    expect(await client.produce(TOPIC, ['a', 'b'])).toBe(0)
    expect(await client.produce(TOPIC, ['c'])).toBe(2)
    expect(await client.read(TOPIC)).toEqual(['a', 'b', 'c'])
  })

  it('appends pipelined produces in the order in which they were sent', async () => {
    const { client } = await startWithTopic()
    const values = Array.from({ length: 500 }, (_, index) => `v${index}`)
    const offsets = await Promise.all(values.map((value) => client.produce(TOPIC, [value])))
    expect(offsets).toEqual(values.map((_, index) => index))
    expect(await client.read(TOPIC)).toEqual(values)
  })

  it('answers acks=leader when the leader has it on its disk, and acks=none never', async () => {
    const { client } = await startWithTopic()
    const { baseOffset } = await client.produceBatch(TOPIC, batchOf(['leader']), { acks: 1 })
    expect(baseOffset).toBe(0)
    const partitions = [{ index: 0, records: batchOf(['none']) }]
    const request = { transactionalId: null, acks: 0, timeoutMs: 1_000 }
    const topics = [{ name: TOPIC, partitions }]
    await client.connection.send(produceApi, { ...request, topics }, 1_000)
    expect(await client.produce(TOPIC, ['all'])).toBe(2)
    expect(await client.read(TOPIC)).toEqual(['leader', 'none', 'all'])
  })

  it('keeps partitions apart', async () => {
    const { client } = await startWithTopic({}, 3)
    await client.untilServing(TOPIC, 0)
    await Promise.all(
      [0, 1, 2].map((partition) => client.produce(TOPIC, [`p${partition}`], partition)),
    )
    expect(await client.read(TOPIC, 0, 1)).toEqual(['p1'])
    expect((await client.listOffsets(TOPIC, listOffsetsTimestamp.latest, 2)).offset).toBe(1)
  })

  it('stamps the append time where the topic asks for it', async () => {
    const before = Date.now()
    const { client } = await startWithTopic({ 'message.timestamp.type': 'append' })
    const { logAppendTimeMs } = await client.produceBatch(TOPIC, batchOf(['a'], 5))
    expect(logAppendTimeMs).toBeGreaterThanOrEqual(before)
    const { records } = await client.fetch(TOPIC, 0)
    expect(valuesOf(records, 0)).toEqual(['a'])
    const found = await client.listOffsets(TOPIC, before)
    expect([found.offset, found.timestamp]).toEqual([0, logAppendTimeMs])
  })

  it('acknowledges a topic with durability=replicated', async () => {
    const { client } = await startWithTopic({ 'courant.durability': 'replicated' })
    expect(await client.produce(TOPIC, ['a'])).toBe(0)
    await until(async () => (await client.latest(TOPIC)) === 1)
    expect(await client.read(TOPIC)).toEqual(['a'])
  })

  it('takes a changed limit of the topic at once', async () => {
    const { broker, client } = await startWithTopic()
    const large = batchOf(['x'.repeat(3_000)])
    await client.produceBatch(TOPIC, large)
    broker.controlPlane.configure(TOPIC, { 'max.message.bytes': '2000' })
    await expect(client.produceBatch(TOPIC, large)).rejects.toMatchObject({
      code: 'RECORD_TOO_LARGE',
    })
  })
})

describe('Fetch', () => {
  it('tells both ends when the offset is outside the log', async () => {
    const { client } = await startWithTopic()
    await client.produce(TOPIC, ['a', 'b', 'c'])
    await client.deleteRecords(TOPIC, 1)
    const outside = { errorCode: OFFSET_OUT_OF_RANGE, logStartOffset: 1, highWatermark: 3 }
    expect(await client.fetch(TOPIC, 0, { maxWaitMs: 5_000 })).toMatchObject(outside)
    expect(await client.fetch(TOPIC, 4)).toMatchObject(outside)
    expect(await client.fetch(TOPIC, 3)).toMatchObject({ errorCode: NO_ERROR, highWatermark: 3 })
  })

  it('refuses the epochs that are not its own, and serves who knows none', async () => {
    const { client } = await startWithTopic()
    await client.produce(TOPIC, ['a'])
    const { leaderEpoch } = await client.listOffsets(TOPIC, listOffsetsTimestamp.earliest)
    const fetch = (epoch: number) => client.fetch(TOPIC, 0, { leaderEpoch: epoch })
    expect(await fetch(leaderEpoch)).toMatchObject({ errorCode: NO_ERROR, highWatermark: 1 })
    expect((await fetch(leaderEpoch - 1)).errorCode).toBe(FENCED_LEADER_EPOCH)
    expect((await fetch(leaderEpoch + 1)).errorCode).toBe(UNKNOWN_LEADER_EPOCH)
    const listed = await client.listOffsets(TOPIC, -1, 0, leaderEpoch + 1)
    expect(listed.errorCode).toBe(UNKNOWN_LEADER_EPOCH)
  })

  it('returns the first batch whole, and then only what the limit holds', async () => {
    const { client } = await startWithTopic()
    for (let index = 0; index < 3; index++) await client.produce(TOPIC, ['x'.repeat(1_000)])
    const first = await client.fetch(TOPIC, 0, { maxBytes: 10 })
    expect(valuesOf(first.records, 0).length).toBe(1)
    const two = await client.fetch(TOPIC, 0, { maxBytes: 2_500 })
    expect(valuesOf(two.records, 0).length).toBe(2)
  })

  it('says of an unknown partition that there is none, at once', async () => {
    const { client } = await startWithTopic()
    const options = { partition: 7, maxWaitMs: 5_000 }
    expect((await client.fetch(TOPIC, 0, options)).errorCode).toBe(UNKNOWN_TOPIC_OR_PARTITION)
    expect((await client.fetch('nothing', 0)).errorCode).toBe(UNKNOWN_TOPIC_OR_PARTITION)
    expect((await client.fetch('__proto__', 0)).errorCode).toBe(UNKNOWN_TOPIC_OR_PARTITION)
    expect((await client.fetch(TOPIC, 0, { partition: -1 })).errorCode).toBe(3)
  })

  it('serves no follower that does not know the leader epoch', async () => {
    const { client } = await startWithTopic()
    const { errorCode } = await client.fetch(TOPIC, 0, { replicaId: 2 })
    expect(errorCode).toBe(FENCED_LEADER_EPOCH)
  })
})

describe('ListOffsets', () => {
  it('finds the ends, the first record since a time, and the newest record', async () => {
    const { client } = await startWithTopic()
    const timestamps = [1_000, 5_000, 3_000, 5_000, 2_000]
    for (const timestamp of timestamps) {
      await client.produceBatch(TOPIC, batchOf(['x'], timestamp))
    }
    const found = async (timestamp: number) => {
      const { offset, timestamp: at, errorCode } = await client.listOffsets(TOPIC, timestamp)
      return [errorCode, offset, at]
    }
    expect(await found(listOffsetsTimestamp.earliest)).toEqual([NO_ERROR, 0, -1])
    expect(await found(listOffsetsTimestamp.latest)).toEqual([NO_ERROR, 5, -1])
    expect(await found(2_000)).toEqual([NO_ERROR, 1, 5_000])
    expect(await found(-17)).toEqual([INVALID_REQUEST, -1, -1])
    expect(await found(5_001)).toEqual([NO_ERROR, -1, -1])
    expect(await found(listOffsetsTimestamp.maxTimestamp)).toEqual([NO_ERROR, 1, 5_000])
  })

  it('is not led astray by a batch whose header promises a later time than its records have', async () => {
    const { client } = await startWithTopic()
    await client.produceBatch(TOPIC, dated(batchOf(['liar'], 1_000), 9_000))
    await client.produceBatch(TOPIC, batchOf(['honest'], 5_000))
    const found = async (timestamp: number) => (await client.listOffsets(TOPIC, timestamp)).offset
    expect([await found(1_000), await found(4_000), await found(6_000)]).toEqual([0, 1, -1])
    expect(await found(listOffsetsTimestamp.maxTimestamp)).toBe(1)
  })

  it('leads to a batch whose records nobody can read, by its header, and not past it', async () => {
    const { client } = await startWithTopic()
    await client.produceBatch(TOPIC, batchOf(['before'], 1_000))
    await client.produceBatch(TOPIC, unreadable(batchOf(['garbage'], 5_000)))
    await client.produceBatch(TOPIC, batchOf(['after'], 9_000))
    const found = async (timestamp: number) => (await client.listOffsets(TOPIC, timestamp)).offset
    expect([await found(1_000), await found(2_000), await found(6_000)]).toEqual([0, 1, 2])
    expect(await found(listOffsetsTimestamp.maxTimestamp)).toBe(2)
  })

  it('finds nothing newest in an empty partition', async () => {
    const { client } = await startWithTopic()
    const found = await client.listOffsets(TOPIC, listOffsetsTimestamp.maxTimestamp)
    expect([found.errorCode, found.offset]).toEqual([NO_ERROR, -1])
  })
})

describe('DeleteRecords', () => {
  it('moves the start of the log, up to the high watermark and never back', async () => {
    const { client } = await startWithTopic()
    await client.produce(TOPIC, ['a', 'b', 'c', 'd'])
    expect(await client.deleteRecords(TOPIC, 2)).toMatchObject({ errorCode: 0, lowWatermark: 2 })
    expect(await client.read(TOPIC, 2)).toEqual(['c', 'd'])
    expect(await client.deleteRecords(TOPIC, 1)).toMatchObject({ errorCode: 0, lowWatermark: 2 })
    expect((await client.deleteRecords(TOPIC, 5)).errorCode).toBe(OFFSET_OUT_OF_RANGE)
    expect(await client.deleteRecords(TOPIC, -1)).toMatchObject({ errorCode: 0, lowWatermark: 4 })
    expect((await client.listOffsets(TOPIC, listOffsetsTimestamp.earliest)).offset).toBe(4)
    expect(await client.produce(TOPIC, ['e'])).toBe(4)
  })
})

/** The batch with another largest timestamp in its header, and the checksum that goes with it. */
function dated(batch: Buffer, maxTimestamp: number): Buffer {
  batch.writeBigInt64BE(BigInt(maxTimestamp), 35)
  return signed(batch)
}

/** The batch with a first record whose length lies, and the checksum that goes with it. */
function unreadable(batch: Buffer): Buffer {
  batch[61] = 0x7e
  return signed(batch)
}

function signed(batch: Buffer): Buffer {
  batch.writeUInt32BE(new RecordBatch(batch).computeCrc(), 17)
  return batch
}
