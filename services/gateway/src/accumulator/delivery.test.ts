/**
 * Goal: a batch is written once, in order, whatever becomes of brokers and their answers; and its
 * callers hear that it was written, that it was not, or that nobody knows, which is said only where
 * it is so. Method: tries that the test answers by hand, and time that passes when it says so.
 */
import type { ErrorCode } from '@courant/kernel'
import { describe, expect, it } from 'vitest'
import {
  AnsweredByHand,
  decided,
  offsets,
  outcome,
  PAUSE_MS_MAX,
  topicOf,
} from '../../test/accumulator/answered-by-hand.ts'
import { ManualClock } from '../../test/accumulator/manual-clock.ts'
import { until } from '../../test/records/until.ts'

const DOUBTFUL: readonly ErrorCode[] = [
  'CONNECTION_LOST',
  'TIMED_OUT',
  'NOT_LEADER_AFTER_APPEND',
  'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  'STORAGE_FAILED',
]
const REFUSED: readonly ErrorCode[] = [
  'NOT_LEADER',
  'NOT_ENOUGH_REPLICAS',
  'FENCED_LEADER_EPOCH',
  'BROKER_UNAVAILABLE',
  'SHUTTING_DOWN',
  'STORAGE_OFFLINE',
  'BUSY',
]

describe('sequences', () => {
  it('number the records of a partition, also when it was quiet in between', async () => {
    const setup = new AnsweredByHand()
    const requests = [
      { values: ['a', 'b'], partition: 0 },
      { values: ['c'], partition: 1 },
      { values: ['d'], partition: 0 },
      { values: ['e'], partition: 0 },
    ]
    for (const [index, { values, partition }] of requests.entries()) {
      setup.request(values, { partition })
      ;(await setup.nextSent(index)).succeed(0)
      await setup.accumulator.drained()
    }
    expect(setup.sent.map(({ producer }) => producer)).toEqual([
      [7, 0, 0],
      [7, 0, 0],
      [7, 0, 2],
      [7, 0, 3],
    ])
  })

  it('of acks=leader are their own, for a leader may lose what it acknowledged of them', async () => {
    const setup = new AnsweredByHand()
    for (const [index, acks] of (['all', 'leader', 'all'] as const).entries()) {
      setup.request(['a'], { acks })
      ;(await setup.nextSent(index)).succeed(0)
      await setup.accumulator.drained()
    }
    expect(setup.sent.map(({ producer }) => producer)).toEqual([
      [7, 0, 0],
      [70, 0, 0],
      [7, 0, 1],
    ])
  })

  it('wait for an id of any broker, within the deadline of the caller', async () => {
    const clock = new ManualClock()
    const setup = new AnsweredByHand(clock)
    setup.ids.all.retire(7)
    const hasty = setup.request(['hasty'], { timeoutMs: 1_000 })
    const patient = setup.request(['patient'])
    await clock.pass(1_100)
    expect(outcome(hasty)).toEqual(['BROKER_UNAVAILABLE', 'no'])
    expect(setup.sent).toEqual([])
    setup.ids.all.give()
    const sent = await setup.nextSent(0)
    expect([sent.values, sent.producer]).toEqual([['patient'], [8, 0, 0]])
    sent.succeed(4)
    await decided(patient)
    expect(offsets(patient)).toEqual([4])
  })
})

describe('a try without an answer', () => {
  it.each(DOUBTFUL)('%s: the same bytes are sent again, and written once', async (code) => {
    const setup = new AnsweredByHand()
    const share = setup.request(['a', 'b'])
    const first = await setup.nextSent(0)
    first.fail(code)
    const second = await setup.nextSent(1)
    expect(second.bytes.equals(first.bytes)).toBe(true)
    second.succeed(9)
    await decided(share)
    expect([offsets(share), outcome(share)]).toEqual([[9], null])
    setup.request(['c'])
    expect((await setup.nextSent(2)).producer).toEqual([7, 0, 2])
  })

  it('is sent again as it was when its callers have gone, and tells them that it is unknown', async () => {
    const clock = new ManualClock()
    const setup = new AnsweredByHand(clock)
    const hasty = setup.request(['hasty'], { timeoutMs: 1_000 })
    const patient = setup.request(['patient'])
    const first = await setup.nextSent(0)
    first.fail('CONNECTION_LOST')
    await clock.pass(PAUSE_MS_MAX)
    const second = await setup.nextSent(1)
    await clock.pass(1_000)
    expect(outcome(hasty)).toEqual(['TIMED_OUT', 'unknown'])
    second.fail('NOT_LEADER')
    await clock.pass(PAUSE_MS_MAX)
    const third = await setup.nextSent(2)
    expect(third.bytes.equals(first.bytes)).toBe(true)
    third.succeed(3)
    await decided(patient)
    expect(patient.written).toEqual([{ count: 1, baseOffset: 4, appendTime: -1 }])
    expect(hasty.writtenCount).toBe(0)
  })

  it('keeps what follows in its place, though nobody waits for it any more', async () => {
    const clock = new ManualClock()
    const setup = new AnsweredByHand(clock)
    const gone = setup.request(['first'], { timeoutMs: 1_000 })
    const first = await setup.nextSent(0)
    const next = setup.request(['second'])
    await clock.pass(1_100)
    expect(outcome(gone)).toEqual(['TIMED_OUT', 'unknown'])
    first.fail('CONNECTION_LOST')
    await clock.pass(PAUSE_MS_MAX)
    const again = await setup.nextSent(1)
    expect(again.values).toEqual(['first'])
    again.succeed(0)
    const second = await setup.nextSent(2)
    expect([second.values, second.producer]).toEqual([['second'], [7, 0, 1]])
    second.succeed(1)
    await decided(next)
    expect(offsets(next)).toEqual([1])
  })

  it('holds up no other partition', async () => {
    const setup = new AnsweredByHand()
    setup.request(['stuck'])
    ;(await setup.nextSent(0)).fail('CONNECTION_LOST')
    await setup.nextSent(1)
    const other = setup.request(['other'], { partition: 1 })
    ;(await setup.nextSent(2)).succeed(0)
    await decided(other)
    expect(other.error).toBeNull()
  })

  it('is not given up for a refusal that says nothing about it', async () => {
    const setup = new AnsweredByHand()
    const share = setup.request(['a'])
    ;(await setup.nextSent(0)).fail('CONNECTION_LOST')
    ;(await setup.nextSent(1)).fail('STORAGE_FULL')
    ;(await setup.nextSent(2)).succeed(5)
    await decided(share)
    expect(offsets(share)).toEqual([5])
  })

  it.each<ErrorCode>([
    'RECORD_TOO_LARGE',
    'OUT_OF_ORDER_SEQUENCE_NUMBER',
    'DUPLICATE_SEQUENCE_NUMBER',
    'INTERNAL',
  ])('that is refused as %s stays unknown, and the next batch begins an epoch', async (code) => {
    const setup = new AnsweredByHand()
    const share = setup.request(['a'])
    ;(await setup.nextSent(0)).fail('CONNECTION_LOST')
    ;(await setup.nextSent(1)).fail(code)
    await decided(share)
    expect(share.error?.facts.applied).toBe('unknown')
    setup.request(['b'])
    expect((await setup.nextSent(2)).producer).toEqual([7, 1, 0])
  })
})

describe('a refusal', () => {
  it.each(REFUSED)('%s is followed by another try', async (code) => {
    const setup = new AnsweredByHand()
    const share = setup.request(['a'])
    ;(await setup.nextSent(0)).fail(code)
    const second = await setup.nextSent(1)
    expect([second.values, second.producer]).toEqual([['a'], [7, 0, 0]])
    second.succeed(9)
    await decided(share)
    expect(offsets(share)).toEqual([9])
  })

  it.each(REFUSED)('%s is what the caller hears at its deadline', async (code) => {
    const clock = new ManualClock()
    const setup = new AnsweredByHand(clock)
    setup.refusal = code
    const share = setup.request(['a'], { timeoutMs: 1_000 })
    await clock.pass(1_100)
    expect([outcome(share), setup.sent.length > 3]).toEqual([[code, 'no'], true])
    await clock.pass(PAUSE_MS_MAX)
    await setup.accumulator.drained()
  })

  it('leaves out who has been told that nothing was written', async () => {
    const clock = new ManualClock()
    const setup = new AnsweredByHand(clock)
    setup.refusal = 'NOT_LEADER'
    const hasty = setup.request(['hasty'], { timeoutMs: 1_000 })
    const patient = setup.request(['patient'])
    await clock.pass(1_100)
    expect(outcome(hasty)).toEqual(['NOT_LEADER', 'no'])
    setup.refusal = null
    await clock.pass(PAUSE_MS_MAX)
    const last = setup.sent.at(-1)
    expect([last?.values, last?.producer]).toEqual([['patient'], [7, 0, 0]])
    last?.succeed(0)
    await decided(patient)
    expect(offsets(patient)).toEqual([0])
  })

  it.each<ErrorCode>(['STORAGE_FULL', 'RECORD_TOO_LARGE', 'INVALID_RECORD'])(
    '%s is final, and its sequence is free again',
    async (code) => {
      const setup = new AnsweredByHand()
      const share = setup.request(['a'])
      ;(await setup.nextSent(0)).fail(code)
      await setup.accumulator.drained()
      expect([outcome(share), setup.sent.length]).toEqual([[code, 'no'], 1])
      setup.request(['b'])
      expect((await setup.nextSent(1)).producer).toEqual([7, 0, 0])
    },
  )

  it('for an unknown history begins a new epoch, of this partition only', async () => {
    const setup = new AnsweredByHand()
    for (const partition of [0, 1]) {
      setup.request(['a'], { partition })
      ;(await setup.nextSent(partition)).succeed(0)
    }
    const share = setup.request(['b'])
    ;(await setup.nextSent(2)).fail('OUT_OF_ORDER_SEQUENCE_NUMBER')
    const again = await setup.nextSent(3)
    expect([again.values, again.producer]).toEqual([['b'], [7, 1, 0]])
    again.succeed(1)
    await decided(share)
    setup.request(['c'], { partition: 1 })
    expect((await setup.nextSent(4)).producer).toEqual([7, 0, 1])
  })

  it('for an old epoch takes another producer id', async () => {
    const setup = new AnsweredByHand()
    const share = setup.request(['a'])
    ;(await setup.nextSent(0)).fail('INVALID_PRODUCER_EPOCH')
    await until(() => setup.ids.all.current === null)
    setup.ids.all.give()
    const again = await setup.nextSent(1)
    expect(again.producer).toEqual([8, 0, 0])
    again.succeed(0)
    await decided(share)
    expect(share.error).toBeNull()
  })

  it('ends in an error of the request behind its first failure, and touches no other', async () => {
    const setup = new AnsweredByHand()
    const target = topicOf(1, { maxMessageBytes: 1024 })
    const large = setup.request(
      Array.from({ length: 8 }, () => 'x'.repeat(300)),
      { target },
    )
    const other = setup.request(['other'], { target })
    ;(await setup.nextSent(0)).succeed(0)
    ;(await setup.nextSent(1)).fail('STORAGE_FULL')
    const third = await setup.nextSent(2)
    expect([third.values, third.producer]).toEqual([['other'], [7, 0, 3]])
    third.succeed(3)
    await setup.accumulator.drained()
    expect([large.writtenCount, large.error?.code]).toEqual([3, 'STORAGE_FULL'])
    expect(other.written).toEqual([{ count: 1, baseOffset: 3, appendTime: -1 }])
  })
})

describe('another leader', () => {
  it('is sent the batch at once, while the old one is silent', async () => {
    const setup = new AnsweredByHand(new ManualClock())
    const share = setup.request(['a'])
    const first = await setup.nextSent(0)
    setup.lead(0, null)
    setup.lead(0, 1)
    expect(setup.sent.length).toBe(1)
    setup.lead(0, 2)
    const second = await setup.nextSent(1)
    expect(second.bytes.equals(first.bytes)).toBe(true)
    second.succeed(6)
    await decided(share)
    first.fail('CONNECTION_LOST')
    expect(offsets(share)).toEqual([6])
    await setup.accumulator.drained()
    expect(setup.sent.length).toBe(2)
  })

  it('is not needed when the old one answers after all', async () => {
    const clock = new ManualClock()
    const setup = new AnsweredByHand(clock)
    const share = setup.request(['a'])
    const first = await setup.nextSent(0)
    setup.lead(0, 2)
    const second = await setup.nextSent(1)
    second.fail('NOT_LEADER')
    first.succeed(6)
    await decided(share)
    expect(offsets(share)).toEqual([6])
    await setup.accumulator.drained()
    expect(setup.sent.length).toBe(2)
  })

  it('has the last word with acks=leader: the old one may have it at another offset', async () => {
    const setup = new AnsweredByHand()
    const share = setup.request(['a'], { acks: 'leader' })
    const old = await setup.nextSent(0)
    setup.lead(0, 2)
    const sent = await setup.nextSent(1)
    old.succeed(5)
    await new Promise((resolve) => setImmediate(resolve))
    sent.succeed(4)
    await decided(share)
    expect(offsets(share)).toEqual([4])
  })

  it('ends the pause between two tries', async () => {
    const clock = new ManualClock()
    const setup = new AnsweredByHand(clock)
    setup.request(['a'])
    ;(await setup.nextSent(0)).fail('BROKER_UNAVAILABLE')
    await new Promise((resolve) => setImmediate(resolve))
    expect(setup.sent.length).toBe(1)
    setup.lead(0, 2)
    ;(await setup.nextSent(1)).succeed(0)
    await setup.accumulator.drained()
  })

  it('leaves an older try unsent that had not left yet', async () => {
    const setup = new AnsweredByHand()
    setup.connecting = 'hanging'
    setup.request(['a'])
    const first = await setup.nextSent(0)
    setup.connecting = 'connected'
    setup.lead(0, 2)
    const second = await setup.nextSent(1)
    expect(first.maySend()).toBe(false)
    second.succeed(0)
    await setup.accumulator.drained()
  })
})

describe('a request of many records', () => {
  it('has the right offset for each, whatever was sent again in between', async () => {
    const setup = new AnsweredByHand()
    const target = topicOf(1, { maxMessageBytes: 1024 })
    const values = Array.from({ length: 6 }, (_, index) => `${index}`.padStart(300, 'x'))
    const share = setup.request(values, { target })
    const first = await setup.nextSent(0)
    first.fail('CONNECTION_LOST')
    ;(await setup.nextSent(1)).succeed(10)
    ;(await setup.nextSent(2)).fail('NOT_LEADER')
    ;(await setup.nextSent(3)).succeed(50)
    await decided(share)
    expect(share.written).toEqual([
      { count: 3, baseOffset: 10, appendTime: -1 },
      { count: 3, baseOffset: 50, appendTime: -1 },
    ])
    expect(setup.sent.map(({ producer }) => producer[2])).toEqual([0, 0, 3, 3])
  })
})
