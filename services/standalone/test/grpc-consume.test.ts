/**
 * Goal: a member on a gRPC stream gets what it owns, as far as it gives credit; what it has
 * acknowledged is committed, and a partition moves when it says so.
 * Method: the generated client against everything real.
 */
import { beforeAll, describe, expect, it } from 'vitest'
import { call, newTenant } from './support/api.ts'
import { Consumer } from './support/consumer.ts'

let key: string
let names = 0

beforeAll(async () => {
  key = await newTenant('grpc-consume')
})

/** A topic with so many records in each partition, and a group that nobody knows yet. */
async function fixture(partitions = 1, records = 3) {
  names += 1
  const topic = `topic-${names}`
  const group = `group-${names}`
  const body = { name: topic, partitions }
  const made = await call(key, { method: 'POST', path: '/v1/topics', body })
  expect(made.status, made.text).toBe(201)
  const produce = (values: readonly number[]) =>
    call(key, {
      method: 'POST',
      path: `/v1/topics/${topic}/records`,
      body: {
        records: Array.from({ length: partitions }, (_, partition) =>
          values.map((value) => ({ value, partition })),
        ).flat(),
      },
    })
  if (records > 0) await produce(Array.from({ length: records }, (_, index) => index))
  const consumer = (memberId: string, more: object = {}) =>
    new Consumer(key, { group, topics: [topic], memberId, ...more })
  const committed = async (): Promise<(number | null)[]> => {
    const { json } = await call(key, { method: 'GET', path: `/v1/groups/${group}` })
    return json.partitions.map((each: { committedOffset: number | null }) => each.committedOffset)
  }
  const members = async (): Promise<string[]> => {
    const { json } = await call(key, { method: 'GET', path: `/v1/groups/${group}` })
    return json.members.map((each: { memberId: string }) => each.memberId)
  }
  return { topic, group, produce, consumer, committed, members }
}

const PLENTY = { records: 1_000, bytes: 1_000_000 }

describe('a member', () => {
  it('is told what it owns, reads it in order, and commits what it acknowledges', async () => {
    const { topic, consumer, committed, members } = await fixture(2)
    const member = consumer('m', { credit: PLENTY })
    const assignment = await member.assignment(({ assigned }) => assigned.length === 2)
    expect(assignment).toMatchObject({ memberId: 'm', revoking: [], idleReason: '' })
    const records = await member.records(6)
    for (const partition of [0, 1]) {
      const own = records.filter((record) => record.partition === partition)
      expect(own.map(({ value }) => value)).toEqual(['0', '1', '2'])
    }
    member.acknowledge(topic, 0, 3)
    member.acknowledge(topic, 1, 1)
    await member.committed(topic, 0, 3)
    await member.committed(topic, 1, 1)
    expect(await committed()).toEqual([3, 1])
    expect((await member.halfClose()).code).toBe(0)
    expect(await members()).toEqual([])
    const next = consumer('n', { credit: PLENTY })
    const again = await next.records(2)
    expect(again.map(({ value }) => value)).toEqual(['1', '2'])
    await next.cancel()
  })

  it('gives a partition to another only when it has released it', async () => {
    const { topic, consumer } = await fixture(2)
    const first = consumer('a', { credit: PLENTY })
    await first.records(6)
    const second = consumer('b', { credit: PLENTY })
    await second.assignment(({ idleReason }) => idleReason === 'WAITING_FOR_RELEASE')
    const { revoking } = await first.assignment((told) => told.revoking.length > 0)
    expect(revoking).toHaveLength(1)
    const partition = revoking[0]?.partition ?? -1
    first.acknowledge(topic, partition, 2)
    first.send({ $case: 'release', value: { partitions: revoking } })
    await second.assignment(({ assigned }) => assigned.length === 1)
    const [record] = await second.records(1)
    expect(record).toMatchObject({ partition, offset: 2 })
    const left = await first.assignment((told) => told.revoking.length === 0)
    expect(left.assigned.map((each) => each.partition)).toEqual([1 - partition])
    await first.cancel()
    await second.cancel()
  })
})
