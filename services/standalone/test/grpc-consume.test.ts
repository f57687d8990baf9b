/**
 * Goal: a member on a gRPC stream gets what it owns, as far as it gives credit; what it has
 * acknowledged is committed, and a partition moves when it says so.
 * Method: the generated client against everything real.
 */
import { AutoOffsetReset, type Delivery, MoveReason } from '@courant/api/v1/consumer_service'
import { RecordFormat } from '@courant/api/v1/record'
import { status } from '@grpc/grpc-js'
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

describe('credit', () => {
  it('of records is never exceeded, and adds up', async () => {
    const { consumer, produce } = await fixture(1, 10)
    const member = consumer('m', { credit: { records: 2, bytes: 1_000_000 } })
    await member.records(2)
    // What comes later would show that more had been sent.
    await produce([10])
    member.credit(3, 0)
    await member.records(5)
    member.credit(1, 0)
    member.credit(5, 0)
    expect(await member.records(11)).toHaveLength(11)
    const sizes = member.deliveries.map(({ records }) => records.length)
    expect(sizes.slice(0, 2)).toEqual([2, 3])
    await member.cancel()
  })

  it('of bytes holds back all but one record beyond it', async () => {
    const { topic, consumer } = await fixture(1, 0)
    const records = Array.from({ length: 5 }, () => ({ value: 'x'.repeat(1_000) }))
    await call(key, { method: 'POST', path: `/v1/topics/${topic}/records`, body: { records } })
    const member = consumer('m', { credit: { records: 100, bytes: 1_500 } })
    await member.records(1)
    // The second record needs more than the 500 bytes that are left, and comes by itself.
    await member.records(2)
    member.credit(0, 200)
    const barrier = await seekTo(member, topic, 0)
    expect(barrier.problem).toBeUndefined()
    expect(member.recordsSoFar).toHaveLength(2)
    member.credit(0, 10_000)
    expect(await member.records(7)).toHaveLength(7)
    await member.cancel()
  })

  it('counts stored batches as a whole', async () => {
    const { consumer, produce } = await fixture(1, 4)
    await produce([4, 5])
    const format = RecordFormat.RECORD_FORMAT_BATCHES
    const member = consumer('m', { format, credit: { records: 1, bytes: 1_000_000 } })
    const first = await member.delivery(1)
    expect(offsetsOf(first)).toEqual([0, 1, 2, 3])
    expect(first).toMatchObject({ offset: 0, nextOffset: 4, records: [] })
    member.credit(4, 0)
    const second = await member.delivery(2)
    expect(offsetsOf(second)).toEqual([4, 5])
    await member.cancel()
  })
})

describe('reading', () => {
  it('goes on where the member seeks, and shows where that begins', async () => {
    const { topic, consumer, committed } = await fixture(1, 5)
    const member = consumer('m', { credit: PLENTY })
    await member.records(5)
    member.acknowledge(topic, 0, 4)
    await member.committed(topic, 0, 4)
    const moved = await seekTo(member, topic, 1)
    expect(moved).toMatchObject({ from: 5, to: 1, reason: MoveReason.MOVE_REASON_SEEK })
    const again = (await member.records(9)).slice(5)
    expect(again.map(({ offset }) => offset)).toEqual([1, 2, 3, 4])
    expect(await committed()).toEqual([4])
    const nowhere = await seekTo(member, 'nowhere', 0)
    expect(nowhere.problem).toMatchObject({ code: 'LEASE_EXPIRED' })
    await member.cancel()
  })

  it('of a partition that is paused stops, and goes on where it was', async () => {
    const { topic, consumer, produce } = await fixture(2, 1)
    const member = consumer('m', { credit: PLENTY })
    await member.records(2)
    const partitions = [{ topic, partition: 0 }]
    member.send({ $case: 'pause', value: { partitions } })
    // What is answered behind the pause shows that it has been heard.
    await seekTo(member, topic, 0, 1)
    await produce([1])
    const read = await member.records(4)
    expect(read.slice(2).map(({ partition }) => partition)).toEqual([1, 1])
    member.send({ $case: 'resume', value: { partitions } })
    expect((await member.records(5)).at(-1)).toMatchObject({ partition: 0, offset: 1 })
    await member.cancel()
  })

  it('begins where the subscription says, and says so', async () => {
    const { consumer, produce, topic } = await fixture(1, 3)
    const member = consumer('m', {
      credit: PLENTY,
      autoOffsetReset: AutoOffsetReset.AUTO_OFFSET_RESET_LATEST,
    })
    const moved = await member.moved(() => true)
    expect(moved).toMatchObject({
      topic,
      to: 3,
      reason: MoveReason.MOVE_REASON_NO_COMMITTED_OFFSET,
    })
    await produce([3])
    expect((await member.records(1)).map(({ offset }) => offset)).toEqual([3])
    await member.halfClose()
    const none = consumer('n', { autoOffsetReset: AutoOffsetReset.AUTO_OFFSET_RESET_NONE })
    none.credit(1, 1)
    expect((await none.ended).error?.code).toBe('NO_COMMITTED_OFFSET')
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

async function seekTo(member: Consumer, topic: string, offset: number, partition = 0) {
  const before = member.moves.length
  const start = { position: { $case: 'offset' as const, value: offset } }
  member.send({ $case: 'seek', value: { topic, partition, start } })
  return member.moved((move) => member.moves.indexOf(move) >= before)
}

/** Of the one batch of a delivery: its first offset, and how many records it has. */
function offsetsOf({ recordBatches }: Delivery): number[] {
  const batch = Buffer.from(recordBatches)
  const first = Number(batch.readBigInt64BE(0))
  return Array.from({ length: batch.readInt32BE(57) }, (_, index) => first + index)
}
