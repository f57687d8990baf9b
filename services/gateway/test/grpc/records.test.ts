/**
 * Goal: records over gRPC are those of REST: the same effects, the same errors, with their details.
 * Method: the gateway as it runs, real sockets, the generated client, and a broker of the protocol.
 */

import { RecordFormat } from '@courant/api/v1/record'
import { Acks, LogEnd } from '@courant/api/v1/record_service'
import { limits } from '@courant/kernel'
import { RecordCursor, recordBatches } from '@courant/record-batch'
import { status } from '@grpc/grpc-js'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { apiKey, operatorKey, strangerKey } from '../metadata-entries.ts'
import { until } from '../records/until.ts'
import { type StartedGateway, startGatewayForTest } from '../shell/started-gateway.ts'
import { GrpcCaller } from './grpc-caller.ts'

let started: StartedGateway
let caller: GrpcCaller
let produce: GrpcCaller['records']['produce']
let fetch: GrpcCaller['records']['fetch']

beforeAll(async () => {
  started = await startGatewayForTest()
  caller = new GrpcCaller(started.gateway.grpcAddress, apiKey)
  produce = caller.records.produce.bind(caller.records)
  fetch = caller.records.fetch.bind(caller.records)
})
afterAll(async () => {
  caller.close()
  await started.stop()
})
beforeEach(() => {
  started.broker.speak()
  started.broker.mood = 'serve'
})

const record = (value: string, partition = 0) => ({
  value: Buffer.from(value),
  headers: [],
  partition,
})
const request = (records: ReturnType<typeof record>[], topic = 'orders') => ({
  topic,
  records,
  acks: Acks.ACKS_UNSPECIFIED,
})
const reading = { topic: 'orders', isolation: 0, format: 0 } as const
const from = (offset: number) => ({ position: { $case: 'offset' as const, value: offset } })

/** Where the partition ends now. */
async function endOf(partition: number): Promise<number> {
  const method = caller.records.listOffsets.bind(caller.records)
  const { offsets } = await caller.call(method, { topic: 'orders', query: undefined })
  return offsets[partition]?.offset ?? -1
}

describe('Produce and Fetch', () => {
  it('keep every byte, and tell null from empty', async () => {
    const offset = await endOf(0)
    const given = [
      {
        key: Buffer.from([0, 255]),
        value: Buffer.from('{"n":1}'),
        headers: [
          { name: 'a', value: Buffer.from([1]) },
          { name: 'a', value: Buffer.alloc(0) },
          { name: 'ä', value: undefined },
        ],
        partition: 0,
        timestamp: 1_700_000_000_123,
      },
      { key: Buffer.alloc(0), value: Buffer.alloc(0), headers: [], partition: 0, timestamp: 0 },
      { key: undefined, value: undefined, headers: [], partition: 0, timestamp: 5 },
    ]
    const answer = await caller.call(produce, { ...request([]), records: given })
    expect(answer.failed).toBe(0)
    expect(answer.results.map((result) => [result.recordCount, result.offset])).toEqual([
      [1, offset],
      [1, offset + 1],
      [1, offset + 2],
    ])
    const page = await caller.call(fetch, { ...reading, partition: 0, start: from(offset) })
    const expected = given.map(({ partition: _, ...rest }, index) => ({
      offset: offset + index,
      ...rest,
    }))
    expect(page.records).toEqual(expected)
    expect(page).toMatchObject({ nextOffset: offset + 3, highWatermark: offset + 3 })
  })

  it('count consecutive records of one fate in one result', async () => {
    const offset = await endOf(1)
    const records = [record('a', 1), record('b', 1), record('c', 1)]
    const { results } = await caller.call(produce, request(records))
    expect(results).toMatchObject([{ recordCount: 3, partition: 1, offset, problem: undefined }])
  })

  it('pass stored batches on as they are to who asks for them', async () => {
    const offset = await endOf(2)
    await caller.call(produce, request([record('x', 2), record('y', 2)]))
    const format = RecordFormat.RECORD_FORMAT_BATCHES
    const page = await caller.call(fetch, { ...reading, format, partition: 2, start: from(offset) })
    const values = [...recordBatches(page.recordBatches)].flatMap((batch) => {
      const cursor = new RecordCursor(batch)
      const found: string[] = []
      while (cursor.next()) found.push(String(cursor.value))
      return found
    })
    expect(values).toEqual(['x', 'y'])
    expect(page).toMatchObject({ records: [], nextOffset: offset + 2 })
  })

  it('split a page where its records or bytes are enough', async () => {
    const offset = await endOf(0)
    const large = 'x'.repeat(600)
    await caller.call(produce, request([record(large), record(large), record(large)]))
    const base = { ...reading, partition: 0, start: from(offset) }
    const one = await caller.call(fetch, { ...base, maxBytes: 1 })
    expect([one.records.length, one.nextOffset]).toEqual([1, offset + 1])
    const two = await caller.call(fetch, { ...base, maxRecords: 2 })
    expect([two.records.length, two.nextOffset]).toEqual([2, offset + 2])
  })

  it('do not wait for acknowledgements that nobody wants', async () => {
    started.broker.mood = 'silent'
    const { results } = await caller.call(produce, {
      ...request([record('x')]),
      acks: Acks.ACKS_NONE,
    })
    expect(results).toMatchObject([{ recordCount: 1, partition: 0, offset: undefined }])
  })

  it('wait for a first record, and no longer than the caller', async () => {
    const offset = await endOf(1)
    const waiting = { ...reading, partition: 1, start: from(offset), waitMs: 60_000 }
    const polling = caller.call(fetch, waiting)
    await until(() => started.broker.waitingPeak > 0)
    await caller.call(produce, request([record('late', 1)]))
    expect((await polling).records).toMatchObject([{ value: Buffer.from('late') }])
    const deadline = Date.now() + 2_000
    const empty = await caller.call(fetch, { ...waiting, start: from(offset + 1) }, { deadline })
    expect(empty).toMatchObject({ records: [], nextOffset: offset + 1 })
  })
})

describe('ListOffsets', () => {
  it('tells both ends of every partition, and where a time begins', async () => {
    await caller.call(produce, request([record('x')]))
    const method = caller.records.listOffsets.bind(caller.records)
    const ask = (value: LogEnd) =>
      caller.call(method, { topic: 'orders', query: { $case: 'end', value } })
    const { offsets: first } = await ask(LogEnd.LOG_END_EARLIEST)
    expect(first.map(({ partition, offset }) => [partition, offset])).toEqual([
      [0, 0],
      [1, 0],
      [2, 0],
    ])
    const timestamp = { $case: 'timestamp', value: Date.now() + 60_000 } as const
    const { offsets: none } = await caller.call(method, { topic: 'orders', query: timestamp })
    expect(none[0]).toEqual({ partition: 0, offset: undefined, problem: undefined })
  })
})

describe('a refusal', () => {
  const refused = (call: Promise<unknown>) =>
    call.then(
      () => null,
      (error: unknown) => error,
    )
  const tooMany = Array.from({ length: limits.bodyRecordsMax + 1 }, () => record(''))
  const header = { name: 'h', value: Buffer.alloc(0) }

  it.each([
    ['no such topic', request([record('x')], 'nowhere'), 'TOPIC_NOT_FOUND', ''],
    ['no record', request([]), 'INVALID_ARGUMENT', '/records'],
    ['no such partition', request([record('x', 9)]), 'INVALID_RECORD', '/records/0/partition'],
    ['too many records', request(tooMany), 'PAYLOAD_TOO_LARGE', '/records'],
    [
      'a record that is too large',
      request([record('x'), record('x'.repeat(1_100_000))]),
      'RECORD_TOO_LARGE',
      '/records/1',
    ],
    [
      'a timestamp far ahead',
      request([{ ...record('x'), timestamp: Date.now() + 7_200_000 } as never]),
      'INVALID_TIMESTAMP',
      '/records/0/timestamp',
    ],
    [
      'too many headers',
      request([{ ...record('x'), headers: Array(257).fill(header) } as never]),
      'INVALID_RECORD',
      '/records/0/headers',
    ],
    [
      'a time-out beyond the limit',
      { ...request([record('x')]), timeoutMs: limits.produceTimeoutMsMax + 1 },
      'INVALID_ARGUMENT',
      '/timeoutMs',
    ],
  ])('of %s says what and where', async (_, produced, code, pointer) => {
    const error = await refused(caller.call(produce, produced))
    expect(error).toMatchObject({ code, facts: { applied: 'no' } })
    const pointers = (error as { violations: { pointer: string }[] }).violations
    expect(pointers.map((violation) => violation.pointer)).toEqual(pointer === '' ? [] : [pointer])
  })

  it.each([
    ['an offset beyond the log', { start: from(1_000_000) }, 'OFFSET_OUT_OF_RANGE'],
    ['a partition that is not', { partition: 3 }, 'PARTITION_NOT_FOUND'],
    ['a page that is too large', { maxRecords: 10_001 }, 'INVALID_ARGUMENT'],
    ['an unknown format', { format: 9 as never }, 'INVALID_ARGUMENT'],
    ['an unknown isolation', { isolation: 9 as never }, 'INVALID_ARGUMENT'],
  ])('of %s is a status with details', async (_, change, code) => {
    const error = await refused(
      caller.call(fetch, { ...reading, partition: 0, start: undefined, ...change }),
    )
    expect(error).toMatchObject({ code })
  })

  it('names who may not call at all', async () => {
    const { grpcAddress } = started.gateway
    const as = async (key: string | null) => {
      const other = new GrpcCaller(grpcAddress, key)
      const method = other.records.produce.bind(other.records)
      const error = await refused(other.call(method, request([record('x')])))
      other.close()
      return error
    }
    expect(await as(null)).toMatchObject({ code: 'UNAUTHENTICATED' })
    expect(await as('crt_wrong')).toMatchObject({ code: 'UNAUTHENTICATED' })
    expect(await as(operatorKey)).toMatchObject({ code: 'PERMISSION_DENIED' })
    expect(await as(strangerKey)).toMatchObject({ code: 'TOPIC_NOT_FOUND' })
  })

  it('of bytes that are no message is the caller’s error', async () => {
    const { records } = caller
    const raw = (bytes: Buffer) =>
      new Promise<unknown>((resolve) => {
        records.makeUnaryRequest(
          '/courant.v1.RecordService/Fetch',
          (value: Buffer) => value,
          (value: Buffer) => value,
          bytes,
          caller.metadata,
          (error) => resolve(error),
        )
      })
    expect(await raw(Buffer.from([0xff, 0xff]))).toMatchObject({ code: status.INVALID_ARGUMENT })
  })

  it('is told as unknown when the broker fell silent behind the append', async () => {
    started.broker.mood = 'silent'
    const error = await refused(caller.call(produce, { ...request([record('x')]), timeoutMs: 200 }))
    expect(error).toMatchObject({ code: 'TIMED_OUT', facts: { applied: 'unknown', grpc: 4 } })
  })

  it('comes before the deadline, so that the caller hears what is known', async () => {
    started.broker.mood = 'silent'
    const deadline = Date.now() + 2_000
    const error = await refused(caller.call(produce, request([record('x')]), { deadline }))
    expect(error).toMatchObject({ code: 'TIMED_OUT', facts: { applied: 'unknown' } })
  })
})
