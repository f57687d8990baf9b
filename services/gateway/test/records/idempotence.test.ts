/**
 * Goal: what happens to brokers and connections costs callers time, and neither an error nor a
 * duplicate. Method: brokers behind sockets that append and do not answer, fall silent, break
 * connections and hand over, and that refuse a batch which does not follow the last one.
 */
import { Broker, BrokerState } from '@courant/api/internal/v1/metadata'
import { RecordBatch } from '@courant/record-batch'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { MemoryBroker } from './memory-broker.ts'
import { readRecords } from './read-records.ts'
import {
  type RecordsGateway,
  startRecordsGateway,
  topicEntries,
  topicId,
} from './records-gateway.ts'
import { until } from './until.ts'

const PARTITIONS = 3

let gateway: RecordsGateway
let second: MemoryBroker

beforeAll(async () => {
  gateway = await startRecordsGateway(PARTITIONS)
  second = await gateway.broker.startReplica()
})
afterEach(() => {
  gateway.broker.speak()
  second.speak()
  lead(gateway.broker, 1)
})
afterAll(async () => {
  await gateway.stop()
  await second.stop()
})

/** Makes the broker known, and the leader of all partitions. */
function lead(broker: MemoryBroker, brokerId: number): void {
  const { host, port } = broker.address
  const state = BrokerState.BROKER_STATE_ACTIVE
  const known = Broker.create({ brokerId, brokerEpoch: brokerId, host, port, state })
  gateway.apply([{ $case: 'broker', value: known }], [String(brokerId)])
  const [, ...partitions] = topicEntries(PARTITIONS, {})
  const moved = partitions.map(([, entry]) => {
    if (entry?.$case !== 'partition') throw new Error('not a partition')
    return { $case: 'partition' as const, value: { ...entry.value, leader: brokerId } }
  })
  gateway.apply(
    moved,
    partitions.map(([key]) => key),
  )
}

function post(contentType: string, body: string, query = ''): Promise<Response> {
  return gateway.request(`/v1/topics/orders/records${query}`, {
    method: 'POST',
    headers: { 'content-type': contentType },
    body,
  })
}

async function produce(value: string, query = ''): Promise<{ status: number; body: Answer }> {
  const records = [{ partition: 0, valueText: value }]
  const response = await post('application/json', JSON.stringify({ records }), query)
  return { status: response.status, body: (await response.json()) as Answer }
}

interface Answer {
  readonly results?: { readonly offset: number | null }[]
  readonly code?: string
  readonly applied?: string
}

/** What the log of a partition has, in its order. */
function stored(partition: number): string[] {
  const { batches } = gateway.broker.log(topicId, partition)
  return batches.flatMap((batch) =>
    readRecords(new RecordBatch(batch)).map(({ value }) => `${value}`),
  )
}

function storedAt(offset: number | null | undefined): string | undefined {
  return stored(0)[offset ?? -1]
}

describe('a produce', () => {
  it.each(['all', 'leader'])(
    'with acks=%s is written once when the connection breaks behind it',
    async (acks) => {
      const value = `broken ${acks}`
      const before = gateway.broker.received.length
      gateway.broker.mood = 'break'
      const { status, body } = await produce(value, `?acks=${acks}`)
      expect([status, storedAt(body.results?.[0]?.offset)]).toEqual([200, value])
      expect(stored(0).filter((other) => other === value).length).toBe(1)
      const [first, again] = gateway.broker.received.slice(before)
      expect(again).toEqual(first)
    },
  )

  it('goes to the next leader at once when its leader is silent', async () => {
    gateway.broker.mood = 'silent'
    const before = gateway.broker.received.length
    const answer = produce('moved')
    await until(() => gateway.broker.received.length === before + 1)
    lead(second, 2)
    const { status, body } = await answer
    expect([status, storedAt(body.results?.[0]?.offset)]).toEqual([200, 'moved'])
    gateway.broker.speak()
    expect(stored(0).filter((value) => value === 'moved').length).toBe(1)
  })

  it('whose caller gives up is written once all the same, and what follows is behind it', async () => {
    gateway.broker.mood = 'silent'
    const { status, body } = await produce('given up', '?timeoutMs=60')
    expect([status, body.code, body.applied]).toEqual([504, 'TIMED_OUT', 'unknown'])
    const next = produce('behind')
    gateway.broker.dropConnections()
    gateway.broker.forget()
    const offset = (await next).body.results?.[0]?.offset ?? -1
    expect([storedAt(offset - 1), storedAt(offset)]).toEqual(['given up', 'behind'])
  })

  it('waits for a broker that gives producer ids', async () => {
    const late = await startRecordsGateway(1, { givesIds: false })
    const records = '{"records":[{"value":1}]}'
    const headers = { 'content-type': 'application/json' }
    const request = { method: 'POST', headers, body: records }
    const hasty = await late.request('/v1/topics/orders/records?timeoutMs=50', request)
    expect(await hasty.json()).toMatchObject({ code: 'BROKER_UNAVAILABLE', applied: 'no' })
    const patient = late.request('/v1/topics/orders/records', request)
    late.broker.givesIds = true
    expect((await patient).status).toBe(200)
    await late.stop()
  })
})

describe('a stream of lines', () => {
  it('is written once and in order per key while connections break and leaders change', async () => {
    const count = 4_000
    const lines = Array.from(
      { length: count },
      (_, index) =>
        `{"key":"k${index % 7}","valueText":"k${index % 7}/${index}/${'x'.repeat(500)}"}\n`,
    )
    const before = [0, 1, 2].map((partition) => stored(partition).length)
    let isDone = false
    const answer = post('application/x-ndjson', lines.join(''))
      .then((response) => response.text())
      .finally(() => {
        isDone = true
      })
    let strikes = 0
    for (; !isDone; strikes += 1) {
      const leader = strikes % 4 < 2 ? gateway.broker : second
      if (strikes % 2 === 0) lead(leader, leader === second ? 2 : 1)
      leader.mood = 'break'
      await until(() => leader.mood === 'serve' || isDone)
      // One try is answered before the next is not.
      const enough = gateway.broker.produceCount + second.produceCount + 2
      await until(() => gateway.broker.produceCount + second.produceCount >= enough || isDone)
    }
    expect(strikes).toBeGreaterThan(3)
    const results = (await answer).trimEnd().split('\n')
    expect(JSON.parse(results.at(-1) ?? '')).toEqual({ done: true, records: count, failed: 0 })
    const written = [0, 1, 2].flatMap((partition) => stored(partition).slice(before[partition]))
    expect(written.length).toBe(count)
    for (let key = 0; key < 7; key += 1) {
      const ofKey = written.filter((value) => value.startsWith(`k${key}/`))
      const indexes = ofKey.map((value) => Number(value.split('/')[1]))
      expect(indexes).toEqual(indexes.toSorted((a, b) => a - b))
    }
  })
})
