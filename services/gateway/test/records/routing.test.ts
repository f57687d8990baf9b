/**
 * Goal: requests find the leader that the metadata names, and management sees when brokers serve.
 */
import { Broker, BrokerState } from '@courant/api/internal/v1/metadata'
import { topicId as brandedTopicId, offset, partitionIndex } from '@courant/kernel'
import { RecordBatchBuilder, recordSource } from '@courant/record-batch'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { MemoryBroker } from './memory-broker.ts'
import {
  type RecordsGateway,
  startRecordsGateway,
  topicEntries,
  topicId,
} from './records-gateway.ts'
import { until } from './until.ts'

let gateway: RecordsGateway
let second: MemoryBroker

beforeAll(async () => {
  gateway = await startRecordsGateway(2)
  second = await gateway.broker.startReplica()
})
afterAll(async () => {
  await gateway.stop()
  await second.stop()
})

const topic = brandedTopicId(topicId)

function produce(query = '') {
  return gateway.request(`/v1/topics/orders/records${query}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"records":[{"partition":0,"value":1}]}',
  })
}

/** Makes a broker known, and the leader of partition 0. */
function lead(broker: MemoryBroker | null, brokerId: number): void {
  const [, partition] = topicEntries(1, {})
  if (partition?.[1]?.$case !== 'partition') throw new Error('not a partition')
  const { leader: _, ...rest } = partition[1].value
  const value = broker === null ? rest : { ...rest, leader: brokerId, leaderEpoch: brokerId }
  gateway.apply([{ $case: 'partition', value }], [partition[0]])
  if (broker === null) return
  const { host, port } = broker.address
  const state = BrokerState.BROKER_STATE_ACTIVE
  const known = Broker.create({ brokerId, brokerEpoch: brokerId, host, port, state })
  gateway.apply([{ $case: 'broker', value: known }], [String(brokerId)])
}

it('follows the leader to another broker, and a broker to another address', async () => {
  expect((await produce()).status).toBe(200)
  expect(gateway.broker.received.length).toBe(1)
  lead(second, 2)
  expect((await produce()).status).toBe(200)
  expect([gateway.broker.received.length, second.received.length]).toEqual([1, 1])
  lead(gateway.broker, 2)
  expect((await produce()).status).toBe(200)
  expect([gateway.broker.received.length, second.received.length]).toEqual([2, 1])
})

it('waits for a leader, and says that there is none when the time is over', async () => {
  lead(null, 0)
  const without = await produce('?timeoutMs=40')
  expect(without.status).toBe(503)
  expect(await without.json()).toMatchObject({ code: 'NOT_LEADER', applied: 'no' })
  const patient = produce()
  await until(() => gateway.dataPath.accumulator.waitingBytes > 0)
  lead(gateway.broker, 1)
  expect((await patient).status).toBe(200)
})

it('tells when all partitions of a topic serve, or that they did not in time', async () => {
  const { brokers } = gateway.dataPath
  expect(await brokers.waitUntilServing(topic, 2, 5_000)).toBe(true)
  lead(null, 0)
  expect(await brokers.waitUntilServing(topic, 2, 30)).toBe(false)
  const waiting = brokers.waitUntilServing(topic, 2, 20_000)
  lead(gateway.broker, 1)
  expect(await waiting).toBe(true)
})

it('deletes records at the leader', async () => {
  const builder = new RecordBatchBuilder(0)
  builder.append(recordSource({ timestamp: 1 }))
  gateway.broker.append(topicId, 1, builder.seal())
  const { brokers } = gateway.dataPath
  const partition = partitionIndex(1)
  expect(await brokers.deleteRecords(topic, partition, 'latest', 5_000)).toBe(1)
  await expect(brokers.deleteRecords(topic, partition, offset(7), 5_000)).rejects.toMatchObject({
    code: 'OFFSET_OUT_OF_RANGE',
  })
})

it('fails what waits for a topic once that is deleted', async () => {
  lead(null, 0)
  const waiting = produce()
  await until(() => gateway.dataPath.accumulator.waitingBytes > 0)
  gateway.apply([{ $case: 'deleted', value: { kind: 'topic' } }], [topicId])
  expect((await waiting).status).toBe(404)
})
