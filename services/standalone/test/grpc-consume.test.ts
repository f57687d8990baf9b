/**
 * Goal: a member on a gRPC stream owns what it is told, commits what it acknowledges, and gives a
 * partition away when it says so; how its stream ends decides what becomes of it.
 * Method: the generated client against everything real.
 */
import { status } from '@grpc/grpc-js'
import { beforeAll, describe, expect, it } from 'vitest'
import { newTenant } from './support/api.ts'
import { ConsumeFixture, PLENTY } from './support/consume-fixture.ts'
import { Consumer } from './support/consumer.ts'

let key: string

beforeAll(async () => {
  key = await newTenant('grpc-consume')
})

const fixture = (partitions?: number, records?: number): Promise<ConsumeFixture> =>
  ConsumeFixture.make(key, partitions, records)

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

  it('that releases what it has not acknowledged leaves that to the next owner', async () => {
    const { topic, consumer, committed } = await fixture(2)
    const first = consumer('a', { credit: PLENTY })
    await first.records(6)
    const second = consumer('b', { credit: PLENTY })
    const { revoking } = await first.assignment((told) => told.revoking.length > 0)
    first.send({ $case: 'release', value: { partitions: revoking } })
    expect((await second.records(3)).map(({ offset }) => offset)).toEqual([0, 1, 2])
    const partition = revoking[0]?.partition ?? -1
    first.acknowledge(topic, partition, 3)
    const { problem } = await first.committed(topic, partition, 3)
    expect(problem).toMatchObject({ code: 'LEASE_EXPIRED' })
    expect(await committed()).toEqual([null, null])
    await first.cancel()
    await second.cancel()
  })

  it('reads on from what it acknowledged where a partition that it released stays', async () => {
    const { topic, consumer } = await fixture(2)
    const first = consumer('a', { credit: PLENTY })
    await first.records(6)
    const second = consumer('b', { credit: PLENTY })
    const { revoking } = await first.assignment((told) => told.revoking.length > 0)
    const partition = revoking[0]?.partition ?? -1
    // Nobody wants it any more, and only its owner does not know.
    expect((await second.halfClose()).code).toBe(0)
    first.acknowledge(topic, partition, 2)
    first.send({ $case: 'release', value: { partitions: revoking } })
    await first.assignment(({ assigned }) => assigned.length === 2)
    const last = (await first.records(7)).at(-1)
    expect(last).toMatchObject({ partition, offset: 2 })
    await first.cancel()
  })

  it('that keeps what is to move is removed when the rebalance timeout is over', async () => {
    const { consumer } = await fixture(2)
    const first = consumer('a', { credit: PLENTY, rebalanceTimeoutMs: 1_000 })
    await first.records(6)
    const second = consumer('b', { credit: PLENTY })
    expect((await first.ended).error?.code).toBe('LEASE_EXPIRED')
    await second.assignment(({ assigned }) => assigned.length === 2)
    await second.cancel()
  })
})

describe('the end of a stream', () => {
  it('that breaks leaves the member in the group with what it owns', async () => {
    const { topic, consumer, members } = await fixture(1)
    const first = consumer('', { credit: PLENTY })
    const { memberId } = await first.assignment(({ assigned }) => assigned.length === 1)
    await first.records(3)
    first.acknowledge(topic, 0, 1)
    await first.committed(topic, 0, 1)
    await first.cancel()
    expect(await members()).toEqual([memberId])
    const other = consumer('other', { credit: PLENTY })
    await other.assignment(({ idleReason }) => idleReason === 'MORE_MEMBERS_THAN_PARTITIONS')
    const again = consumer(memberId, { credit: PLENTY })
    expect((await again.records(2)).map(({ offset }) => offset)).toEqual([1, 2])
    await again.cancel()
    await other.cancel()
  })

  it('by half-closing leaves a static member in the group', async () => {
    const { consumer, members } = await fixture(1)
    const member = consumer('', { instanceId: 'one', credit: PLENTY })
    await member.records(3)
    expect((await member.halfClose()).code).toBe(status.OK)
    expect(await members()).toEqual(['one'])
  })

  it('by its session loses what it owned to others', async () => {
    const { consumer } = await fixture(1)
    const first = consumer('a', { credit: PLENTY, sessionTimeoutMs: 6_000 })
    await first.records(3)
    await first.cancel()
    const second = consumer('b', { credit: PLENTY })
    expect(await second.records(3)).toHaveLength(3)
    await second.cancel()
  }, 30_000)

  it('comes with a newer stream of the same member', async () => {
    const { consumer } = await fixture(1)
    const older = consumer('m', { credit: PLENTY })
    await older.records(3)
    const newer = consumer('m', { credit: PLENTY })
    expect((await older.ended).error?.code).toBe('POLL_SUPERSEDED')
    expect(await newer.records(3)).toHaveLength(3)
    await newer.cancel()
  })

  it('comes with its deadline', async () => {
    const { group, topic } = await fixture(1)
    const subscribe = { group, topics: [topic], memberId: 'm', credit: PLENTY }
    const member = new Consumer(key, subscribe, { deadlineMs: 1_500 })
    await member.records(3)
    expect((await member.ended).code).toBe(status.DEADLINE_EXCEEDED)
  })

  it.each([
    ['a group without a name', { group: '' }],
    ['nothing to read', { topics: [] }],
    ['two ids', { memberId: 'm', instanceId: 'i' }],
    ['a session that is too short', { sessionTimeoutMs: 1 }],
    ['a message of no size', { maxMessageBytes: 0 }],
    ['a negative credit', { credit: { records: -1, bytes: 1 } }],
    ['a format that is not known', { format: 77 }],
  ])('comes with %s', async (_what, wrong) => {
    const subscribe = { group: 'g', topics: ['t'], memberId: '', ...wrong }
    const member = new Consumer(key, subscribe)
    expect((await member.ended).error?.code).toBe('INVALID_ARGUMENT')
  })
})

it('an acknowledgement of what was not delivered is a problem of its own', async () => {
  const { topic, consumer, committed } = await fixture(1)
  const member = consumer('m', { credit: { records: 2, bytes: 1_000_000 } })
  await member.records(2)
  member.acknowledge(topic, 0, 3)
  member.acknowledge(topic, 0, 2)
  const { problem } = await member.committed(topic, 0, 3)
  expect(problem).toMatchObject({ code: 'INVALID_ARGUMENT' })
  await member.committed(topic, 0, 2)
  expect(await committed()).toEqual([2])
  await member.cancel()
})
