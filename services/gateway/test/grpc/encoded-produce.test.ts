/**
 * Goal: records that come as encoded batches are those that come as messages: the same bytes, the
 * same checks, the same answers.
 * Method: the gateway as it runs, real sockets, the generated client, and a broker of the protocol.
 */
import { Acks, type ProduceStreamResponse } from '@courant/api/v1/record_service'
import {
  type ProducerStamp,
  RecordBatchBuilder,
  type RecordInput,
  recordSource,
} from '@courant/record-batch'
import { status } from '@grpc/grpc-js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { apiKey } from '../metadata-entries.ts'
import { type StartedGateway, startGatewayForTest } from '../shell/started-gateway.ts'
import { GrpcCaller, statusOfCall } from './grpc-caller.ts'

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

type Compression = 'none' | 'gzip' | 'zstd'

function batch(
  records: readonly RecordInput[],
  compression: Compression = 'none',
  producer?: ProducerStamp,
): Buffer {
  const builder = new RecordBatchBuilder(0)
  for (const record of records) builder.append(recordSource(record))
  return builder.seal(compression, producer)
}

const request = (recordBatches: Buffer, partition?: number) => ({
  topic: 'orders',
  records: [],
  acks: Acks.ACKS_ALL,
  recordBatches,
  partition,
})
const at = 1_700_000_000_000
const given: readonly RecordInput[] = [
  { timestamp: at, key: 'k', value: 'one', headers: [{ name: 'h', value: 'x' }] },
  { timestamp: at + 1, key: '', value: '', headers: [{ name: 'null', value: null }] },
  { timestamp: at + 2, value: null },
]

async function endOf(partition: number): Promise<number> {
  const method = caller.records.listOffsets.bind(caller.records)
  const { offsets } = await caller.call(method, { topic: 'orders', query: undefined })
  return offsets[partition]?.offset ?? -1
}

async function read(partition: number, offset: number) {
  const start = { position: { $case: 'offset' as const, value: offset } }
  const page = { topic: 'orders', partition, start, isolation: 0, format: 0 } as const
  const { records } = await caller.call(fetch, page)
  return records.map(({ timestamp, key, value, headers }) => ({
    timestamp,
    key: key === undefined ? null : String(key),
    value: value === undefined ? null : String(value),
    headers: headers.map(({ name, value: of }) => [name, of === undefined ? null : String(of)]),
  }))
}

describe('encoded record batches', () => {
  it.each(['none', 'gzip', 'zstd'] as const)('keep every byte: %s', async (compression) => {
    const offset = await endOf(1)
    const batches = Buffer.concat([batch(given, compression), batch(given.slice(0, 1))])
    const { results, failed } = await caller.call(produce, request(batches, 1))
    expect(failed).toBe(0)
    expect(results[0]).toMatchObject({ partition: 1, offset, timestamp: at })
    const first = { timestamp: at, key: 'k', value: 'one', headers: [['h', 'x']] }
    expect(await read(1, offset)).toEqual([
      first,
      { timestamp: at + 1, key: '', value: '', headers: [['null', null]] },
      { timestamp: at + 2, key: null, value: null, headers: [] },
      first,
    ])
  })

  it('go where the keys say without a partition', async () => {
    const records = ['a', 'b', 'c', 'd', 'e'].map((key) => ({ key, value: key, timestamp: at }))
    const asBatches = await caller.call(produce, request(batch(records)))
    const messages = records.map(({ key }) => ({ key: Buffer.from(key), headers: [] }))
    const asMessages = await caller.call(produce, {
      topic: 'orders',
      records: messages,
      acks: Acks.ACKS_ALL,
    })
    const partitions = ({ results }: typeof asBatches) =>
      results.flatMap(({ recordCount, partition }) => Array(recordCount).fill(partition))
    expect(partitions(asBatches)).toEqual(partitions(asMessages))
  })

  const damaged = batch(given)
  damaged[damaged.length - 1] = 0x7f
  const stamp = { producerId: 7, producerEpoch: 0, baseSequence: 0 }
  it.each([
    ['is damaged', damaged, 'CORRUPT_MESSAGE'],
    ['is cut off', Buffer.concat([batch(given), batch(given).subarray(0, 70)]), 'INVALID_RECORD'],
    ['has a producer id', batch(given, 'none', stamp), 'INVALID_RECORD'],
    ['is no batch', Buffer.from('not a batch'), 'INVALID_RECORD'],
    ['is of the future', batch([{ timestamp: at * 2, value: 'x' }]), 'INVALID_TIMESTAMP'],
  ])('are refused where one %s, and none is written', async (_what, bytes, code) => {
    const offset = await endOf(2)
    const refused = caller.call(produce, request(bytes, 2))
    await expect(refused).rejects.toMatchObject({ code })
    expect(await endOf(2)).toBe(offset)
  })

  it.each([
    ['beside records', { records: [{ value: Buffer.from('x'), headers: [] }] }],
    ['of a partition that is not there', { partition: 99 }],
  ])('are refused %s', async (_what, wrong) => {
    const refused = caller.call(produce, { ...request(batch(given)), ...wrong })
    await expect(refused).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })

  it('may come on a stream, where one that is not valid stops no other', async () => {
    const offset = await endOf(0)
    const stream = caller.records.produceStream(caller.metadata)
    const answers: ProduceStreamResponse[] = []
    stream.on('data', (answer: ProduceStreamResponse) => answers.push(answer))
    const ended = statusOfCall(stream)
    stream.write({ ...request(batch(given), 0), correlationId: 1 })
    stream.write({ ...request(damaged, 0), correlationId: 2 })
    stream.write({ ...request(batch(given, 'gzip'), 0), correlationId: 3 })
    stream.end()
    expect((await ended).code).toBe(status.OK)
    const byId = answers.toSorted((one, other) => one.correlationId - other.correlationId)
    expect(byId.map(({ problem }) => problem?.code)).toEqual([
      undefined,
      'CORRUPT_MESSAGE',
      undefined,
    ])
    expect(byId[2]?.results[0]).toMatchObject({ partition: 0, offset: offset + 3 })
  })
})
