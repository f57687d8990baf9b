/** What a follower does with an answer. Bugs by their number in reliability B15. */
import type { LeaderEpoch } from '@courant/kernel'
import { describe, expect, it } from 'vitest'
import { type FetchedPartition, Follower } from '../src/index.ts'
import { TWO } from './fixture/partition.ts'
import { ModelLog } from './model/model-log.ts'

const ANSWER: FetchedPartition = {
  error: null,
  highWatermark: 0,
  logStartOffset: 0,
  diverging: null,
  hasRecords: true,
}

function logOf(...epochs: readonly number[]): ModelLog {
  const log = new ModelLog()
  for (const epoch of epochs) log.append({ epoch, value: `of ${epoch}` })
  log.sync()
  return log
}

function followerOf(epoch: number, uncleanEpoch = 0): Follower {
  return new Follower(TWO, epoch as LeaderEpoch, uncleanEpoch as LeaderEpoch)
}

function diverging(epoch: number, end: number): FetchedPartition {
  return { ...ANSWER, diverging: { epoch, end } as never, hasRecords: false }
}

describe('a follower', () => {
  it('asks at its durable end, with the newest epoch that it knows', () => {
    const log = logOf(1, 1, 3)
    expect(followerOf(4).position(log)).toEqual({
      leaderEpoch: 4,
      offset: 3,
      lastEpoch: 3,
      logStartOffset: 0,
    })
    log.append({ epoch: 4, value: 'not synced' })
    expect(() => followerOf(4).position(log)).toThrow('on the disk')
  })

  it('ignores what was asked of another leader, or at another position (bug 16)', () => {
    const log = logOf(1, 1)
    const follower = followerOf(2)
    const asked = follower.position(log)
    expect(followerOf(3).receive(asked, ANSWER, log)).toEqual({ kind: 'ignore' })
    expect(follower.receive(asked, ANSWER, logOf(1, 1, 1))).toEqual({ kind: 'ignore' })
    expect(follower.receive(asked, ANSWER, logOf(1, 2))).toEqual({ kind: 'ignore' })
    expect(follower.receive(asked, ANSWER, log)).toEqual({ kind: 'append' })
  })

  it('keeps what is beyond its high watermark as long as the leader has it (bug 1)', () => {
    const log = logOf(1, 1, 1)
    const follower = followerOf(2)
    expect(log.highWatermark).toBe(0)
    expect(follower.receive(follower.position(log), ANSWER, log)).toEqual({ kind: 'append' })
  })

  it('cuts where both have the same epoch, in as many rounds as it takes (bug 2)', () => {
    const log = logOf(1, 2, 2, 4, 4)
    const follower = followerOf(5)
    const round = (answer: FetchedPartition) =>
      follower.receive(follower.position(log), answer, log)
    expect(round(diverging(3, 9))).toEqual({ kind: 'truncate', offset: 3 })
    log.truncateTo(3)
    expect(round(diverging(1, 1))).toEqual({ kind: 'truncate', offset: 1 })
  })

  it('cuts everything when the leader knows nothing as old', () => {
    const log = logOf(3, 3)
    const follower = followerOf(5)
    expect(follower.receive(follower.position(log), diverging(2, 7), log)).toEqual({
      kind: 'truncate',
      offset: 0,
    })
  })

  it('forgets an epoch that it led and wrote nothing in', () => {
    const log = logOf(1, 1)
    log.startEpoch(4)
    const follower = followerOf(5)
    const answer = diverging(1, 6)
    expect(follower.receive(follower.position(log), answer, log)).toEqual({
      kind: 'truncate',
      offset: 2,
    })
    log.truncateTo(2)
    expect(follower.position(log).lastEpoch).toBe(1)
  })

  it('never cuts what is committed, but stops, until there is another leader', () => {
    const log = logOf(1, 1, 1)
    log.highWatermark = log.durableEnd
    const follower = followerOf(2)
    const asked = follower.position(log)
    expect(follower.receive(asked, diverging(1, 2), log)).toMatchObject({ kind: 'stop' })
    expect(follower.problem).toContain('committed')
    expect(follower.receive(asked, ANSWER, log)).toEqual({ kind: 'ignore' })
  })

  it('cuts what is committed only after an election that is known to lose records', () => {
    const log = logOf(1, 1, 1)
    log.highWatermark = log.durableEnd
    const cut = (uncleanEpoch: number) => {
      const follower = followerOf(4, uncleanEpoch)
      return follower.receive(follower.position(log), diverging(1, 2), log)
    }
    expect(cut(1)).toMatchObject({ kind: 'stop' })
    expect(cut(2)).toEqual({ kind: 'truncate', offset: 2 })
  })

  it('begins anew where the leader does, when all that it has is deleted there', () => {
    const log = logOf(1)
    const follower = followerOf(2)
    const asked = follower.position(log)
    const gone = { ...ANSWER, error: 'OFFSET_OUT_OF_RANGE', logStartOffset: 9 } as const
    expect(follower.receive(asked, gone, log)).toEqual({ kind: 'restart', offset: 9 })
    log.highWatermark = log.durableEnd
    expect(follower.receive(asked, { ...gone, logStartOffset: 0 }, log)).toMatchObject({
      kind: 'stop',
    })
  })

  it('asks again after any other error, and keeps what it has', () => {
    const log = logOf(1)
    const follower = followerOf(2)
    const answer = { ...ANSWER, error: 'UNKNOWN_LEADER_EPOCH' } as const
    expect(follower.receive(follower.position(log), answer, log)).toEqual({
      kind: 'retry',
      error: 'UNKNOWN_LEADER_EPOCH',
    })
  })

  it('follows the leader’s high watermark and log start, within what it has', () => {
    const log = logOf(1, 1, 1)
    const follower = followerOf(2)
    const answer = { ...ANSWER, highWatermark: 9, logStartOffset: 2 }
    follower.receive(follower.position(log), answer, log)
    expect(follower.logStart(log)).toBe(0)
    log.highWatermark = follower.highWatermark(log)
    expect(log.highWatermark).toBe(3)
    expect(follower.logStart(log)).toBe(2)
  })
})
