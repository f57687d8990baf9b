/** What a broker does not take: batches that lie, and bytes that are no requests. */
import type { Socket } from 'node:net'
import { encodeRequestFrame, listOffsetsApi, produceApi } from '@courant/kafka-protocol'
import { type ErrorCode, limits } from '@courant/kernel'
import { RecordBatch } from '@courant/record-batch'
import { describe, expect, it } from 'vitest'
import { batchOf } from './fixture/batches.ts'
import { until } from './fixture/lifetime.ts'
import { dial, handshakeFrame } from './fixture/raw-client.ts'
import { startWithTopic, TOPIC } from './fixture/topic.ts'

const ATTRIBUTES = 21
const LAST_OFFSET_DELTA = 23
const BASE_TIMESTAMP = 27
const MAX_TIMESTAMP = 35
const PRODUCER_ID = 43
const RECORD_COUNT = 57
const CRC = 17

/** A batch with bytes changed and the checksum made to fit again. */
function forged(change: (bytes: Buffer) => void): Buffer {
  const bytes = batchOf(['a', 'b'])
  change(bytes)
  bytes.writeUInt32BE(new RecordBatch(bytes).computeCrc(), CRC)
  return bytes
}

const lies: readonly [string, ErrorCode, Buffer][] = [
  ['a wrong checksum', 'CORRUPT_MESSAGE', changed((bytes) => bytes.writeUInt32BE(1, CRC))],
  ['a length that is too large', 'CORRUPT_MESSAGE', changed((bytes) => bytes.writeInt32BE(999, 8))],
  ['a negative length', 'CORRUPT_MESSAGE', changed((bytes) => bytes.writeInt32BE(-5, 8))],
  ['two batches', 'CORRUPT_MESSAGE', Buffer.concat([batchOf(['a']), batchOf(['b'])])],
  ['an old magic', 'CORRUPT_MESSAGE', changed((bytes) => bytes.writeInt8(1, 16))],
  ['a cut off header', 'CORRUPT_MESSAGE', batchOf(['a']).subarray(0, 40)],
  ['no bytes', 'CORRUPT_MESSAGE', Buffer.alloc(0)],
  ['a control batch', 'INVALID_RECORD', forged((bytes) => bytes.writeInt16BE(0x20, ATTRIBUTES))],
  ['a transaction', 'NOT_IMPLEMENTED', forged((bytes) => bytes.writeInt16BE(0x10, ATTRIBUTES))],
  [
    'a producer without a sequence',
    'INVALID_RECORD',
    forged((bytes) => bytes.writeBigInt64BE(7n, PRODUCER_ID)),
  ],
  ['an append time', 'INVALID_TIMESTAMP', forged((bytes) => bytes.writeInt16BE(0x08, ATTRIBUTES))],
  [
    'a time far ahead',
    'INVALID_TIMESTAMP',
    forged((bytes) => bytes.writeBigInt64BE(BigInt(Date.now()) + 7_200_000n, MAX_TIMESTAMP)),
  ],
  [
    'a first time behind the largest',
    'INVALID_TIMESTAMP',
    forged((bytes) => bytes.writeBigInt64BE(BigInt(Date.now()) + 7_200_000n, BASE_TIMESTAMP)),
  ],
  ['a base offset', 'INVALID_RECORD', changed((bytes) => bytes.writeBigInt64BE(5n, 0))],
  ['fewer offsets', 'CORRUPT_MESSAGE', forged((bytes) => bytes.writeInt32BE(0, LAST_OFFSET_DELTA))],
  ['more offsets', 'INVALID_RECORD', forged((bytes) => bytes.writeInt32BE(9, LAST_OFFSET_DELTA))],
  ['no records', 'INVALID_RECORD', forged((bytes) => bytes.writeInt32BE(0, RECORD_COUNT))],
]

function changed(change: (bytes: Buffer) => void): Buffer {
  const bytes = batchOf(['a', 'b'])
  change(bytes)
  return bytes
}

describe('a produced batch', () => {
  it('is refused when it lies, and nothing of it is applied', async () => {
    const { client } = await startWithTopic()
    for (const [name, code, batch] of lies) {
      await expect(client.produceBatch(TOPIC, batch), name).rejects.toMatchObject({ code })
    }
    expect(await client.latest(TOPIC)).toBe(0)
  })

  it('cannot choose its leader epoch', async () => {
    const { client } = await startWithTopic()
    await client.produceBatch(
      TOPIC,
      changed((bytes) => bytes.writeInt32BE(99, 12)),
    )
    const { leaderEpoch } = await client.listOffsets(TOPIC, -1)
    const { records } = await client.fetch(TOPIC, 0)
    expect(new RecordBatch(records ?? Buffer.alloc(0)).partitionLeaderEpoch).toBe(leaderEpoch)
  })

  it('is refused for unknown acks and for a transaction', async () => {
    const { client } = await startWithTopic()
    const batch = batchOf(['a'])
    await expect(client.produceBatch(TOPIC, batch, { acks: 7 })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    })
    const topics = [{ name: TOPIC, partitions: [{ index: 0, records: batch }] }]
    const request = { transactionalId: 'tx', acks: -1, timeoutMs: 1_000, topics }
    const { topics: answered } = await client.connection.request(produceApi, request, 5_000)
    expect(answered[0]?.partitions[0]?.errorMessage).toMatch(/^NOT_IMPLEMENTED: /)
    expect(await client.latest(TOPIC)).toBe(0)
  })
})

describe('a connection', () => {
  const handshake = handshakeFrame()

  it.each([
    ['a frame that says it is huge', Buffer.from([0x7f, 0xff, 0xff, 0xff])],
    ['a frame of negative length', Buffer.from([0xff, 0xff, 0xff, 0xff])],
    ['an empty frame', Buffer.from([0, 0, 0, 0])],
    ['a large frame before the handshake', lengthOnly(limits.frameBytesBeforeHandshakeMax + 1)],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: broker\r\n\r\n')],
    ['an unknown API', Buffer.from([0, 0, 0, 10, 0x7f, 0, 0, 0, 0, 0, 0, 1, 0xff, 0xff])],
    ['a frame beyond the limit', Buffer.concat([handshake, lengthOnly(limits.frameBytesMax + 1)])],
    ['an array that is longer than its frame', arrayBomb()],
  ])('is closed for %s, and others go on', async (_name, bytes) => {
    const { broker, client } = await startWithTopic()
    const socket = dial(broker.address)
    socket.write(bytes)
    await closed(socket)
    expect(await client.produce(TOPIC, ['a'])).toBe(0)
  })

  it('may take the answer of version 0 to a handshake that is newer than the broker', async () => {
    const { broker } = await startWithTopic()
    const socket = dial(broker.address)
    socket.write(Buffer.from([0, 0, 0, 10, 0, 18, 0, 99, 0, 0, 0, 5, 0xff, 0xff]))
    const answer = await new Promise<Buffer>((resolve) => socket.once('data', resolve))
    expect(answer.readInt32BE(4)).toBe(5)
    expect(answer.readInt16BE(8)).toBe(35)
    const apiCount = answer.readInt32BE(10)
    expect(answer.length).toBe(14 + apiCount * 6)
  })

  it('may send its frame a byte at a time', async () => {
    const { broker } = await startWithTopic()
    const socket = dial(broker.address)
    socket.setNoDelay(true)
    for (const byte of handshake) socket.write(Buffer.from([byte]))
    const answer = await new Promise<Buffer>((resolve) => socket.once('data', resolve))
    expect(answer.readInt32BE(4)).toBe(0)
  })

  it('that vanishes in the middle of a frame or of a long poll leaves nothing behind', async () => {
    const { broker, client } = await startWithTopic()
    const other = await broker.client()
    const poll = other.fetch(TOPIC, 0, { maxWaitMs: 5_000 }).catch(() => 'lost')
    const socket = dial(broker.address)
    socket.write(handshake.subarray(0, 9))
    await until(() => socket.bytesWritten === 9)
    socket.destroy()
    other.connection.close()
    expect(await poll).toBe('lost')
    await until(async () => /^courant_broker_connections 1$/m.test(await broker.metrics.text()))
    expect(await client.produce(TOPIC, ['a'])).toBe(0)
    await until(async () => /^courant_broker_long_polls 0$/m.test(await broker.metrics.text()))
  })

  function arrayBomb(): Buffer {
    const request = { replicaId: -1, topics: [] }
    const frame = encodeRequestFrame(listOffsetsApi, { apiVersion: 1, correlationId: 2 }, request)
    frame.writeInt32BE(0x7fff_ffff, frame.length - 4)
    return Buffer.concat([handshake, frame])
  }
})

function lengthOnly(length: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(length)
  return bytes
}

function closed(socket: Socket): Promise<void> {
  socket.resume()
  return new Promise((resolve) => socket.once('close', () => resolve()))
}
