/**
 * Goal: a request for a great many partitions costs its leader few requests, and each partition
 * keeps its own outcome.
 */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type RecordsGateway, startRecordsGateway } from './records-gateway.ts'

const PARTITIONS = 3_000
const NOT_LEADER_AFTER_APPEND = -1

let gateway: RecordsGateway

beforeEach(async () => {
  gateway = await startRecordsGateway(PARTITIONS)
})
afterEach(() => gateway.stop())

interface Results {
  readonly failed: number
  readonly results: readonly { readonly partition: number; readonly offset: number | null }[]
}

function produce(partitions: readonly number[]) {
  return gateway.request('/v1/topics/orders/records', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ records: partitions.map((partition) => ({ partition, value: 1 })) }),
  })
}

const all = Array.from({ length: PARTITIONS }, (_, index) => PARTITIONS - 1 - index)

it('sends batches for many partitions of a topic together', async () => {
  const response = await produce(all)
  expect(response.status).toBe(200)
  const { results } = (await response.json()) as Results
  expect(results.map(({ partition }) => partition)).toEqual(all)
  expect(results.every(({ offset }) => offset === 0)).toBe(true)
  expect(gateway.broker.received.length).toBe(PARTITIONS)
  expect(gateway.broker.produceCount).toBeLessThan(PARTITIONS / 50)
})

it('sends batches for a few partitions alone, so that none waits for another', async () => {
  expect((await produce([1, 2, 3])).status).toBe(200)
  expect(gateway.broker.produceCount).toBe(3)
})

it('tells each partition its own outcome', async () => {
  gateway.broker.failPartition(7, NOT_LEADER_AFTER_APPEND)
  const response = await produce(all)
  expect(response.status).toBe(207)
  const { results, failed } = (await response.json()) as Results
  expect(failed).toBe(1)
  const refused = results.filter(({ offset }) => offset === null)
  expect(refused.map(({ partition }) => partition)).toEqual([7])
})
