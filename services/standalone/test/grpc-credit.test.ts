/**
 * Goal: a member on a gRPC stream gets no more than it has given credit for, and reads where and
 * what it wants to.
 * Method: the generated client against everything real.
 */
import { AutoOffsetReset, type Delivery, MoveReason } from '@courant/api/v1/consumer_service'
import { RecordFormat } from '@courant/api/v1/record'
import { limits } from '@courant/kernel'
import { beforeAll, describe, expect, it } from 'vitest'
import { call, newTenant } from './support/api.ts'
import { ConsumeFixture, PLENTY } from './support/consume-fixture.ts'
import type { Consumer } from './support/consumer.ts'

let key: string

beforeAll(async () => {
  key = await newTenant('grpc-credit')
})

const fixture = (partitions?: number, records?: number): Promise<ConsumeFixture> =>
  ConsumeFixture.make(key, partitions, records)

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

  it.each([
    ['records', { records: limits.creditRecordsMax + 1, bytes: 1 }],
    ['bytes', { records: 1, bytes: limits.creditBytesMax + 1 }],
    ['records', { records: -1, bytes: 1 }],
  ])('beyond what anybody can hold is refused, and told by its name: %s', async (name, credit) => {
    const { consumer } = await fixture()
    const atOnce = await consumer('m', { credit }).ended
    expect(atOnce.error).toMatchObject({
      code: 'INVALID_ARGUMENT',
      violations: [{ pointer: `/subscribe/credit/${name}` }],
    })
    const later = consumer('m')
    later.credit(credit.records, credit.bytes)
    expect((await later.ended).error).toMatchObject({
      code: 'INVALID_ARGUMENT',
      violations: [{ pointer: `/credit/${name}` }],
    })
  })

  it('of the most, to members that do not read, holds up nobody else', async () => {
    const { topic, group, consumer } = await fixture(8, 0)
    const value = 'x'.repeat(1_000_000)
    for (let partition = 0; partition < 8; partition += 1) {
      for (let count = 0; count < 3; count += 1) {
        const records = Array.from({ length: 8 }, () => ({ value, partition }))
        await call(key, { method: 'POST', path: `/v1/topics/${topic}/records`, body: { records } })
      }
    }
    const credit = { records: limits.creditRecordsMax, bytes: limits.creditBytesMax }
    const members = Array.from({ length: 8 }, (_, index) => consumer(`m${index}`, { credit }))
    for (const member of members) await member.delivery(1)
    for (const member of members) member.stream.pause()
    const others = await ConsumeFixture.make(await newTenant('grpc-credit-others'), 1, 3)
    const reader = others.consumer('reader', { credit: PLENTY })
    await reader.records(3)
    for (let number = 3; number < 30; number += 1) {
      await others.produce([number])
      await reader.records(number + 1)
    }
    await reader.cancel()
    const { json } = await call(key, { method: 'GET', path: `/v1/groups/${group}` })
    expect(json.members).toHaveLength(8)
    await Promise.all(members.map((member) => member.cancel()))
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
