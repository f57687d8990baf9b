/**
 * Goal: the accumulator sends records in order, in as few batches as the answers allow, and holds
 * no more than it may. Method: a sender that the test answers by hand, so that every moment can be
 * looked at.
 */
import { BusError, limits } from '@courant/kernel'
import { describe, expect, it } from 'vitest'
import { AnsweredByHand, decided, topic, topicOf } from '../../test/accumulator/answered-by-hand.ts'
import { until } from '../../test/records/until.ts'
import type { TargetTopic } from './topic-accumulator.ts'

describe('batching', () => {
  it('sends what arrives in one turn together', async () => {
    const setup = new AnsweredByHand()
    const shares = ['a', 'b', 'c'].map((value) => setup.request([value]))
    const batch = await setup.nextSent(0)
    expect(batch.values).toEqual(['a', 'b', 'c'])
    batch.succeed(40)
    await setup.accumulator.drained()
    expect(shares.map(({ written }) => written[0]?.baseOffset)).toEqual([40, 41, 42])
  })

  it('gathers what arrives while a batch is in flight, and has one in flight', async () => {
    const setup = new AnsweredByHand()
    setup.request(['a'])
    const first = await setup.nextSent(0)
    for (const value of ['b', 'c', 'd']) {
      setup.request([value])
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(setup.sent.length).toBe(1)
    first.succeed(0)
    expect((await setup.nextSent(1)).values).toEqual(['b', 'c', 'd'])
    setup.sent[1]?.succeed(1)
    await setup.accumulator.drained()
    expect(setup.sent.length).toBe(2)
  })

  it('keeps partitions and acks apart', async () => {
    const setup = new AnsweredByHand()
    setup.request(['a'])
    setup.request(['b'], { acks: 'leader' })
    setup.request(['c'], { acks: 'leader' })
    setup.request(['d'], { partition: 1 })
    const [all, other] = [await setup.nextSent(0), await setup.nextSent(1)]
    expect([all.acks, all.values, other.values]).toEqual(['all', ['a'], ['d']])
    all.succeed(0)
    const leader = await setup.nextSent(2)
    expect([leader.acks, leader.values]).toEqual(['leader', ['b', 'c']])
    for (const batch of setup.sent) batch.succeed(1)
    await setup.accumulator.drained()
  })

  it('cuts batches at the size that the topic allows', async () => {
    const setup = new AnsweredByHand()
    const target = topicOf(1, { maxMessageBytes: 1024 })
    const share = setup.request(
      Array.from({ length: 10 }, () => 'x'.repeat(300)),
      { target },
    )
    for (let index = 0; !share.isDecided; index += 1) {
      const batch = await setup.nextSent(index)
      expect(batch.values.length).toBeLessThanOrEqual(3)
      batch.succeed(index * 100)
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(share.error).toBeNull()
    expect(share.written.map(({ count }) => count)).toEqual([3, 3, 3, 1])
  })

  it('stays with one partition for records without a key until it has its share', () => {
    const { accumulator, leaders } = new AnsweredByHand()
    const first = accumulator.stickyPartition(topic, 60_000)
    expect(accumulator.stickyPartition(topic, 6_000)).toBe(first)
    const second = accumulator.stickyPartition(topic, 10)
    expect(second).not.toBe(first)
    leaders.set(second, null)
    expect(accumulator.stickyPartition(topic, 10)).not.toBe(second)
  })
})

describe('memory', () => {
  const mib = 'x'.repeat(1024 * 1024 - 100)

  it('is bounded for a partition, a tenant and in all, and given back', async () => {
    const setup = new AnsweredByHand()
    const refusal = (partition: number, target: TargetTopic): string => {
      try {
        setup.accumulator.admit(target, new Map([[partition, limits.accumulatorPartitionBytesMax]]))
        return 'taken'
      } catch (error) {
        return error instanceof BusError ? error.code : 'a bug'
      }
    }
    setup.request([mib])
    expect(refusal(0, topic)).toBe('BUSY')
    for (const partition of [1, 2, 3]) expect(refusal(partition, topic)).toBe('taken')
    expect(refusal(1, topic)).toBe('THROTTLED')
    for (const other of [2, 3, 4]) {
      for (const partition of [0, 1, 2, 3]) {
        expect(refusal(partition, topicOf(other))).toBe('taken')
      }
    }
    expect(refusal(0, topicOf(5))).toBe('BUSY')
    const before = setup.accumulator.waitingBytes
    ;(await setup.nextSent(0)).succeed(0)
    await until(() => setup.accumulator.waitingBytes === before - mib.length)
  })

  it('is all given back when everything has failed, too', async () => {
    const setup = new AnsweredByHand()
    setup.request([mib, mib, mib])
    const first = await setup.nextSent(0)
    await decided(setup.request(['later'], { timeoutMs: 1 }))
    first.fail('STORAGE_FULL')
    await setup.accumulator.drained()
    expect(setup.accumulator.waitingBytes).toBe(0)
  })
})
