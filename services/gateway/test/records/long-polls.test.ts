/**
 * Goal: however many readers wait, the broker holds few requests, and every reader gets its record.
 */
import { BusError, topicId as brandedTopicId, tenantId } from '@courant/kernel'
import { RecordBatchBuilder, recordSource } from '@courant/record-batch'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { tenants } from '../metadata-entries.ts'
import { type RecordsGateway, startRecordsGateway, topicId } from './records-gateway.ts'
import { until } from './until.ts'

const PARTITIONS = 400
/** Polls of newcomers, and the one of the settled. */
const POLLS_MAX = 9

let gateway: RecordsGateway

beforeAll(async () => {
  gateway = await startRecordsGateway(PARTITIONS)
})
afterAll(() => gateway.stop())

function append(partition: number, value: string): void {
  const builder = new RecordBatchBuilder(0)
  builder.append(recordSource({ timestamp: 1, value }))
  gateway.broker.append(topicId, partition, builder.seal())
}

const never = new AbortController().signal

function read(partition: number, offset: number, waitMs = 20_000, signal = never, maxBytes = 1e6) {
  const position = { topicId: brandedTopicId(topicId), partition, offset }
  const bounds = { maxBytes, waitMs, isolation: 'committed' as const }
  const hold = gateway.dataPath.reads.hold(tenantId(tenants[0].tenantId))
  return gateway.dataPath.reader.read(position, bounds, hold, signal)
}

it('serves hundreds of readers with a handful of requests', async () => {
  const readers = []
  for (let index = 0; index < 1200; index += 1) {
    readers.push(read(index % PARTITIONS, 0))
    // A round trip: the readers so far have found nothing and wait when the next ones come.
    if (index % 20 === 0) await read(0, 0, 0)
  }
  // All have waited through a poll of newcomers and are settled: one request waits for them.
  await until(() => gateway.broker.waitingCount === 1)
  for (let partition = 0; partition < PARTITIONS; partition += 1) append(partition, `${partition}`)
  const found = await Promise.all(readers)
  expect(gateway.broker.waitingPeak).toBeLessThanOrEqual(POLLS_MAX)
  expect(found.every(({ records }) => records.length > 0)).toBe(true)
})

it('serves readers that wait at different places of one partition', async () => {
  const early = read(0, 1)
  await until(() => gateway.broker.waitingCount > 0)
  append(0, 'a')
  expect((await early).records.length).toBeGreaterThan(0)
  const [behind, ahead] = [read(0, 1), read(0, 2)]
  expect((await behind).records.length).toBeGreaterThan(0)
  await until(() => gateway.broker.waitingCount > 0)
  append(0, 'b')
  expect((await ahead).records.length).toBeGreaterThan(0)
})

it('forgets readers that leave or whose time is over', async () => {
  const controller = new AbortController()
  const leaving = read(1, 1, 20_000, controller.signal)
  const brief = read(2, 1, 20)
  await until(() => gateway.broker.waitingCount > 0)
  controller.abort()
  expect((await leaving).records.length).toBe(0)
  expect((await brief).records.length).toBe(0)
  await until(() => gateway.broker.waitingCount === 0)
})

it('gives a reader no more than it asked for', async () => {
  const waiting = read(3, 1, 20_000, never, 10)
  await until(() => gateway.broker.waitingCount > 0)
  append(3, 'x')
  const { records } = await waiting
  const [first] = gateway.broker.log(topicId, 3).batches.slice(-1)
  expect(records.length).toBe(first?.length)
})

it('waits on when the connection breaks', async () => {
  const waiting = read(4, 1)
  await until(() => gateway.broker.waitingCount > 0)
  gateway.broker.dropConnections()
  append(4, 'after')
  expect((await waiting).records.length).toBeGreaterThan(0)
})

it('tells a reader what is wrong with its place, and nobody else', async () => {
  const waiting = read(5, 1)
  await expect(read(6, 7)).rejects.toThrow(BusError)
  append(5, 'x')
  expect((await waiting).records.length).toBeGreaterThan(0)
})
