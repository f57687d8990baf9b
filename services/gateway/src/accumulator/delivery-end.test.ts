/**
 * Goal: a delivery ends in time, whatever brokers do, and its callers hear neither more nor less
 * than is known. Method: as in `delivery.test.ts`.
 */
import { limits } from '@courant/kernel'
import { describe, expect, it } from 'vitest'
import {
  AnsweredByHand,
  decided,
  offsets,
  outcome,
  PAUSE_MS_MAX,
  topic,
} from '../../test/accumulator/answered-by-hand.ts'
import { ManualClock } from '../../test/accumulator/manual-clock.ts'
import { until } from '../../test/records/until.ts'

describe('the deadline of a caller', () => {
  it('says that nothing was written where the batch was never sent', async () => {
    const clock = new ManualClock()
    const setup = new AnsweredByHand(clock)
    setup.connecting = 'hanging'
    const share = setup.request(['a'], { timeoutMs: 1_000 })
    const attempt = await setup.nextSent(0)
    await clock.pass(1_100)
    expect(share.error?.facts.applied).toBe('no')
    expect(attempt.maySend()).toBe(false)
    attempt.fail('BROKER_UNAVAILABLE')
    await clock.pass(PAUSE_MS_MAX)
    await setup.accumulator.drained()
    expect(setup.sent.length).toBe(1)
  })

  it('is unknown for the batch that is out, and no for those behind it', async () => {
    const clock = new ManualClock()
    const setup = new AnsweredByHand(clock)
    const out = setup.request(['out'], { timeoutMs: 1_000 })
    const first = await setup.nextSent(0)
    const waiting = setup.request(['waiting'], { timeoutMs: 1_000 })
    const patient = setup.request(['patient'])
    await clock.pass(1_100)
    expect([outcome(out), outcome(waiting)]).toEqual([
      ['TIMED_OUT', 'unknown'],
      ['BUSY', 'no'],
    ])
    first.succeed(0)
    const second = await setup.nextSent(1)
    expect([second.values, second.producer]).toEqual([['patient'], [7, 0, 1]])
    second.succeed(1)
    await setup.accumulator.drained()
    expect([offsets(patient), out.writtenCount]).toEqual([[1], 0])
  })
})

describe('the delivery timeout', () => {
  it('ends a batch that nobody resolves as unknown, and raises the epoch of its partition', async () => {
    const clock = new ManualClock()
    const setup = new AnsweredByHand(clock)
    const timeoutMs = limits.produceTimeoutMsMax + limits.deliveryTimeoutMs
    const stuck = setup.request(['stuck'], { timeoutMs })
    const first = await setup.nextSent(0)
    expect(first.timeoutMs).toBe(limits.produceTryMsMax)
    first.fail('CONNECTION_LOST')
    for (let at = 1; !stuck.isDecided; at += 1) {
      await until(async () => {
        await clock.pass(1_000)
        return setup.sent[at] !== undefined || stuck.isDecided
      })
      expect(setup.sent[at]?.bytes.equals(first.bytes) ?? true).toBe(true)
      setup.sent[at]?.fail('NOT_LEADER')
    }
    expect(outcome(stuck)).toEqual(['TIMED_OUT', 'unknown'])
    expect(clock.monotonicMs()).toBeGreaterThanOrEqual(limits.deliveryTimeoutMs)
    expect(clock.monotonicMs()).toBeLessThan(limits.deliveryTimeoutMs + 5_000)
    const tries = setup.sent.length
    setup.request(['next'])
    expect((await setup.nextSent(tries)).producer).toEqual([7, 1, 0])
    setup.request(['other'], { partition: 1 })
    expect((await setup.nextSent(tries + 1)).producer).toEqual([7, 0, 0])
  })

  it('fills the queue of the partition meanwhile, which then refuses with nothing written', async () => {
    const setup = new AnsweredByHand()
    setup.request(['stuck'])
    ;(await setup.nextSent(0)).fail('CONNECTION_LOST')
    const mib = 'x'.repeat(1_000_000)
    const fill = () => {
      for (let count = 0; count < 20; count += 1) setup.request([mib])
    }
    expect(fill).toThrow(
      expect.objectContaining({ code: 'BUSY', retryAfterMs: expect.any(Number) }),
    )
    expect(setup.request(['other'], { partition: 1 }).error).toBeNull()
  })
})

describe('the end', () => {
  it('of the topic ends its batches at once', async () => {
    const setup = new AnsweredByHand(new ManualClock())
    const out = setup.request(['out'])
    await setup.nextSent(0)
    const waiting = setup.request(['waiting'])
    setup.accumulator.topicDeleted(topic.topicId)
    await decided(out)
    await decided(waiting)
    expect([outcome(out), outcome(waiting)]).toEqual([
      ['TOPIC_NOT_FOUND', 'no'],
      ['TOPIC_NOT_FOUND', 'no'],
    ])
    await setup.accumulator.drained()
  })

  it('of the process waits a while for what is out, and says then that it is unknown', async () => {
    const clock = new ManualClock()
    const setup = new AnsweredByHand(clock)
    const answered = setup.request(['a'])
    const silent = setup.request(['b'], { partition: 1 })
    const leaderless = setup.request(['c'], { partition: 2 })
    const first = await setup.nextSent(0)
    await setup.nextSent(1)
    ;(await setup.nextSent(2)).fail('NOT_LEADER')
    const stopped = setup.accumulator.stop()
    first.succeed(3)
    await decided(answered)
    await clock.pass(limits.deliveryDrainMsMax + 1)
    await stopped
    expect(offsets(answered)).toEqual([3])
    expect(outcome(silent)).toEqual(['TIMED_OUT', 'unknown'])
    expect(outcome(leaderless)?.[0]).toBeOneOf(['SHUTTING_DOWN', 'TIMED_OUT'])
    expect(setup.accumulator.waitingBytes).toBe(0)
  })
})
