/**
 * Goal: streams keep order, hold back whoever is too fast or too slow, and tell of each item.
 * Method: the gateway as it runs, real sockets, the generated client, and a broker of the protocol.
 */
import { Isolation } from '@courant/api/v1/record'
import { Acks, type ProduceStreamResponse } from '@courant/api/v1/record_service'
import { status } from '@grpc/grpc-js'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { apiKey } from '../metadata-entries.ts'
import { until } from '../records/until.ts'
import { type StartedGateway, startGatewayForTest } from '../shell/started-gateway.ts'
import { GrpcCaller, readAll, statusOfCall } from './grpc-caller.ts'

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

/** Calls that come and go on the same connection: whoever has something to do meanwhile does it. */
async function roundTrips(): Promise<void> {
  for (let count = 0; count < 50; count += 1) await endOf(0)
}

/** A gauge of the gateway, in bytes. */
async function gauge(name: string): Promise<number> {
  const text = await started.ports.metrics.text()
  return Number(new RegExp(`^courant_gateway_${name}_bytes (\\d+)`, 'm').exec(text)?.[1])
}

describe('ProduceStream', () => {
  const open = (acks: Acks = Acks.ACKS_ALL) => {
    const stream = caller.records.produceStream(caller.metadata)
    const answers: { correlationId: number; offset: number | undefined; failed: number }[] = []
    const problems: unknown[] = []
    stream.on('data', ({ correlationId, results, failed, problem }: ProduceStreamResponse) => {
      answers.push({ correlationId, offset: results[0]?.offset, failed })
      problems.push(problem, ...results.map((result) => result.problem))
    })
    const send = (correlationId: number, records: ReturnType<typeof record>[], topic = '') =>
      stream.write({ correlationId, records, topic, acks })
    return { stream, answers, problems, send, ended: statusOfCall(stream) }
  }

  it('keeps the order of requests within a partition, however many are under way', async () => {
    const offset = await endOf(1)
    const { stream, answers, send, ended } = open()
    const count = 300
    for (let index = 0; index < count; index += 1) {
      send(index, [record(`${index}`, 1)], index === 0 ? 'orders' : '')
    }
    stream.end()
    expect((await ended).code).toBe(status.OK)
    expect(answers).toEqual(
      Array.from({ length: count }, (_, index) => ({
        correlationId: index,
        offset: offset + index,
        failed: 0,
      })),
    )
    const maxRecords = count
    const page = await caller.call(fetch, {
      ...reading,
      partition: 1,
      start: from(offset),
      maxRecords,
    })
    expect(page.records.map(({ value }) => String(value))).toEqual(
      Array.from({ length: count }, (_, index) => `${index}`),
    )
  })

  it('refuses a record that is not valid, and that one alone', async () => {
    const { stream, answers, problems, send, ended } = open()
    send(1, [record('good'), record('bad', 77), record('good')], 'orders')
    send(2, [record('x')], 'nowhere')
    send(3, [record('good')], 'orders')
    stream.end()
    expect((await ended).code).toBe(status.OK)
    const byId = answers.toSorted((one, other) => one.correlationId - other.correlationId)
    expect(byId).toMatchObject([{ failed: 1 }, { failed: 0 }, { failed: 0 }])
    const codes = problems.flatMap((problem) =>
      problem === undefined ? [] : [(problem as { code: string }).code],
    )
    expect(codes.toSorted()).toEqual(['INVALID_RECORD', 'TOPIC_NOT_FOUND'])
  })

  it('is not read on while too much is under way', async () => {
    started.broker.mood = 'silent'
    const { stream, ended } = open()
    const records = Array.from({ length: 10 }, () => record('x'.repeat(100_000)))
    let sent = 0
    for (let index = 0; index < 40; index += 1) {
      stream.write({ correlationId: index, records, topic: 'orders', acks: 0 }, () => {
        sent += 1
      })
    }
    await until(async () => (await gauge('waiting')) > 4_000_000)
    await roundTrips()
    expect(await gauge('waiting')).toBeLessThan(7_000_000)
    expect(sent).toBeLessThan(20)
    stream.cancel()
    expect((await ended).code).toBe(status.CANCELLED)
  })
})

describe('FetchStream', () => {
  it('follows the log, and ends when nothing has come for so long', async () => {
    const offset = await endOf(2)
    const stream = caller.records.fetchStream(
      { ...reading, partition: 2, start: from(offset), waitMs: 400 },
      caller.metadata,
    )
    const reader = readAll(stream)
    await caller.call(produce, request([record('one', 2)]))
    await caller.call(produce, request([record('two', 2)]))
    const { messages, status: end } = await reader
    expect(end.code).toBe(status.OK)
    expect(messages.flatMap(({ records }) => records.map(({ value }) => String(value)))).toEqual([
      'one',
      'two',
    ])
  })

  it('ends after so many records', async () => {
    const offset = await endOf(0)
    await caller.call(produce, request([record('a'), record('b'), record('c')]))
    const stream = caller.records.fetchStream(
      { ...reading, partition: 0, start: from(offset), maxRecords: 2 },
      caller.metadata,
    )
    const { messages } = await readAll(stream)
    expect(messages.flatMap(({ records }) => records)).toHaveLength(2)
  })

  it('holds a reader back who does not read, and forgets one who leaves', async () => {
    const offset = await endOf(0)
    const large = Array.from({ length: 10 }, () => record('x'.repeat(1_000_000)))
    for (let index = 0; index < 4; index += 1) await caller.call(produce, request(large))
    const stream = caller.records.fetchStream(
      { ...reading, partition: 0, start: from(offset), isolation: Isolation.ISOLATION_COMMITTED },
      caller.metadata,
    )
    const ended = statusOfCall(stream)
    const before = started.broker.fetchedBytes
    stream.once('data', () => stream.pause())
    await until(() => started.broker.fetchedBytes > before)
    let seen = -1
    // It has stopped when it has read nothing while others were served.
    await until(async () => {
      const last = seen
      seen = started.broker.fetchedBytes
      await roundTrips()
      return last === seen
    })
    expect(seen - before).toBeLessThan(25_000_000)
    stream.cancel()
    expect((await ended).code).toBe(status.CANCELLED)
    await until(async () => (await gauge('read')) === 0)
  })
})
