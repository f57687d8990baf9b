/** What a leader promises about its followers. Bugs by their number in reliability B15. */
import type { LeaderEpoch, Offset } from '@courant/kernel'
import { describe, expect, it } from 'vitest'
import { PauseWatch } from '../src/index.ts'
import { BROKER_EPOCH, LAG_MAX_MS, ONE, row, Term, THREE, TWO } from './fixture/partition.ts'

describe('the high watermark', () => {
  it('is where every in-sync replica, the leader too, has the records on its disk', () => {
    const term = new Term(row())
    term.append('a', 'b', 'c')
    term.fetch(TWO, 3)
    expect(term.highWatermark).toBe(0)
    term.fetch(THREE, 2)
    expect(term.highWatermark).toBe(2)
    term.log.append({ epoch: 1, value: 'not synced' })
    term.fetch(TWO, 4)
    term.fetch(THREE, 4)
    expect(term.highWatermark).toBe(3)
  })

  it('does not wait for replicas that are not in sync', () => {
    const term = new Term(row({ inSyncReplicas: [ONE, TWO] }))
    term.append('a')
    term.fetch(TWO, 1)
    expect(term.highWatermark).toBe(1)
  })

  it('stays while fewer are in sync than the minimum (bug 12, last replica standing)', () => {
    const term = new Term(row({ inSyncReplicas: [ONE], effectiveMinIsr: 2 }))
    term.append('a')
    expect(term.highWatermark).toBe(0)
    expect(term.replicas.isUnderMinIsr).toBe(true)
    term.replicas.adopt(row({ partitionEpoch: 2, inSyncReplicas: [ONE] }), term.nowMs)
    expect(term.highWatermark).toBe(1)
  })

  it('never goes back when a replica joins that has less', () => {
    const term = new Term(row({ inSyncReplicas: [ONE] }))
    term.append('a', 'b')
    expect(term.highWatermark).toBe(2)
    term.replicas.adopt(row({ partitionEpoch: 2, inSyncReplicas: [ONE, TWO] }), term.nowMs)
    expect(term.highWatermark).toBe(2)
  })

  it('waits for who is asked in and for who is asked out (bug 6)', () => {
    const joining = new Term(row({ inSyncReplicas: [ONE] }))
    joining.append('a')
    joining.fetch(TWO, 1)
    expect(joining.highWatermark).toBe(1)
    expect(joining.proposed).toEqual([ONE, TWO])
    joining.append('b')
    expect(joining.highWatermark).toBe(1)

    const leaving = new Term(row({ inSyncReplicas: [ONE, TWO] }))
    leaving.append('a')
    leaving.nowMs += LAG_MAX_MS + 1
    expect(leaving.proposed).toEqual([ONE])
    expect(leaving.highWatermark).toBe(0)
  })

  it('waits for a follower that has caught up and may join, or it never could under load', () => {
    const term = new Term(row({ inSyncReplicas: [ONE] }))
    term.fetch(TWO, 0)
    term.append('a')
    expect(term.highWatermark).toBe(0)
    term.inactive.add(TWO)
    expect(term.highWatermark).toBe(1)
  })
})

describe('a deletion of records', () => {
  it('is done when every in-sync replica has deleted them', () => {
    const term = new Term(row({ inSyncReplicas: [ONE, TWO] }))
    term.append('a', 'b')
    const low = () => term.replicas.lowWatermark({ logStartOffset: 2 as Offset })
    expect(low()).toBe(-1)
    term.fetch(TWO, 2, { logStartOffset: 1 })
    expect(low()).toBe(1)
    term.fetch(TWO, 2, { logStartOffset: 2 })
    expect(low()).toBe(2)
  })
})

describe('a fetch', () => {
  it('of another term counts for nothing (bugs 4 and 5)', () => {
    const term = new Term(row({ leaderEpoch: 3 as LeaderEpoch }))
    const fetch = { broker: TWO, brokerEpoch: BROKER_EPOCH, offset: 0, lastEpoch: -1 } as never
    const of = (leaderEpoch: number) => () =>
      term.replicas.fetched({ ...(fetch as object), leaderEpoch } as never, term.log, term.nowMs)
    expect(of(2)).toThrow('FENCED_LEADER_EPOCH')
    expect(of(4)).toThrow('UNKNOWN_LEADER_EPOCH')
    expect(of(3)()).toBeNull()
  })

  it('of a broker that has no replica is refused', () => {
    const term = new Term(row({ replicas: [ONE, TWO], inSyncReplicas: [ONE] }))
    expect(() => term.fetch(THREE, 0)).toThrow('NOT_LEADER')
  })

  it('of a log that diverges is answered with where, and counts for nothing', () => {
    const term = new Term(row({ leaderEpoch: 4 as LeaderEpoch }), ['a', 'b'])
    term.append('c')
    expect(term.fetch(TWO, 3, { lastEpoch: 2 })).toEqual({ epoch: 0, end: 2 })
    expect(term.fetch(TWO, 3, { lastEpoch: 0 })).toEqual({ epoch: 0, end: 2 })
    expect(term.highWatermark).toBe(0)
    expect(term.fetch(TWO, 2, { lastEpoch: 0 })).toBeNull()
  })

  it('of a follower whose records are all older than what is left here begins anew', () => {
    const term = new Term(row({ leaderEpoch: 4 as LeaderEpoch }))
    term.append('a', 'b')
    term.log.highWatermark = term.log.durableEnd
    term.log.trimTo(1)
    expect(() => term.fetch(TWO, 2, { lastEpoch: 3 })).toThrow('OFFSET_OUT_OF_RANGE')
    expect(() => term.fetch(TWO, 0)).toThrow('OFFSET_OUT_OF_RANGE')
  })

  it('of an earlier life of the broker changes nothing (bug 11)', () => {
    const term = new Term(row({ inSyncReplicas: [ONE, TWO] }))
    term.append('a')
    term.fetch(TWO, 0, { brokerEpoch: 9 })
    term.fetch(TWO, 1, { brokerEpoch: 8 })
    expect(term.highWatermark).toBe(0)
  })
})

describe('a follower comes in', () => {
  it('with everything that is committed and all that the leader began with (bug 8)', () => {
    const term = new Term(row({ inSyncReplicas: [ONE], effectiveMinIsr: 2 }), ['a', 'b'])
    term.fetch(TWO, 1, { lastEpoch: 0 })
    expect(term.proposed).toBeNull()
    term.fetch(TWO, 2, { lastEpoch: 0 })
    expect(term.propose()?.members).toEqual([
      { broker: ONE, brokerEpoch: BROKER_EPOCH },
      { broker: TWO, brokerEpoch: BROKER_EPOCH },
    ])
  })

  it('by fetches of this term, not of one before it was removed (bug 9)', () => {
    const term = new Term(row({ inSyncReplicas: [ONE] }))
    term.fetch(TWO, 0)
    term.replicas.adopt(row({ partitionEpoch: 2, replicas: [ONE], inSyncReplicas: [ONE] }), 0)
    term.replicas.adopt(row({ partitionEpoch: 3, inSyncReplicas: [ONE] }), 0)
    expect(term.proposed).toBeNull()
  })

  it('neither fenced nor draining, and in the life that fetched (bugs 10 and 11)', () => {
    const term = new Term(row({ inSyncReplicas: [ONE] }))
    term.fetch(TWO, 0)
    term.inactive.add(TWO)
    expect(term.proposed).toBeNull()
    term.inactive.delete(TWO)
    term.epochs.set(TWO, BROKER_EPOCH + 1)
    expect(term.proposed).toBeNull()
    term.fetch(TWO, 0, { brokerEpoch: BROKER_EPOCH + 1 })
    expect(term.proposed).toEqual([ONE, TWO])
  })
})

describe('a follower goes out', () => {
  it('after it has lagged for the limit, and not while it is idle at the end', () => {
    const term = new Term(row({ inSyncReplicas: [ONE, TWO] }))
    term.fetch(TWO, 0)
    term.nowMs += 10 * LAG_MAX_MS
    expect(term.proposed).toBeNull()
    term.append('a')
    term.nowMs += LAG_MAX_MS
    expect(term.proposed).toBeNull()
    term.nowMs += 1
    expect(term.proposed).toEqual([ONE])
  })

  it('not while it keeps up with a leader that never rests', () => {
    const term = new Term(row({ inSyncReplicas: [ONE, TWO] }))
    for (let offset = 0; offset < 50; offset += 1) {
      term.append('a')
      term.fetch(TWO, offset)
      term.nowMs += LAG_MAX_MS / 4
    }
    expect(term.proposed).toBeNull()
  })

  it('when it has not fetched since the term began', () => {
    const term = new Term(row({ inSyncReplicas: [ONE, TWO, THREE] }))
    term.append('a')
    term.nowMs += LAG_MAX_MS + 1
    term.fetch(TWO, 1)
    expect(term.propose()?.members).toEqual([
      { broker: ONE, brokerEpoch: BROKER_EPOCH },
      { broker: TWO, brokerEpoch: BROKER_EPOCH },
    ])
  })

  it('not for a pause of the leader itself', () => {
    const watch = new PauseWatch(500)
    expect([0, 500, 1_200, 3_000, 3_500].map((nowMs) => watch.tick(nowMs))).toEqual([
      false,
      false,
      false,
      true,
      false,
    ])
    const term = new Term(row({ inSyncReplicas: [ONE, TWO] }))
    term.append('a')
    term.nowMs += LAG_MAX_MS + 1
    term.replicas.forgiveLag(term.nowMs)
    expect(term.proposed).toBeNull()
  })
})

describe('a change of the in-sync replicas', () => {
  it('goes one at a time, and a refusal is not repeated at once', () => {
    const term = new Term(row({ inSyncReplicas: [ONE] }))
    term.fetch(TWO, 0)
    const change = term.propose()
    term.fetch(THREE, 0)
    expect(term.proposed).toBeNull()
    if (change === null) throw new Error('a change is due')
    term.replicas.settle(change, { kind: 'rejected', row: null }, term.nowMs)
    expect(term.replicas.maximalIsr).toEqual([ONE])
    expect(term.proposed).toBeNull()
    term.nowMs += 1_000
    expect(term.proposed).toEqual([ONE, TWO, THREE])
  })

  it('of which the answer is lost counts until the row has moved on (bugs 7 and 41)', () => {
    const term = new Term(row({ inSyncReplicas: [ONE] }))
    term.append('a')
    term.fetch(TWO, 1)
    expect(term.highWatermark).toBe(1)
    const lost = term.propose()
    if (lost === null) throw new Error('a change is due')
    term.replicas.settle(lost, { kind: 'unknown' }, term.nowMs)
    term.append('b')
    term.inactive.add(TWO)
    expect(term.highWatermark).toBe(1)
    term.nowMs += 1_000
    const barrier = term.propose()
    expect(barrier?.members).toEqual([{ broker: ONE, brokerEpoch: BROKER_EPOCH }])
    if (barrier === null) throw new Error('the lost change has to be settled')
    term.replicas.settle(barrier, { kind: 'rejected', row: null }, term.nowMs)
    expect(term.replicas.maximalIsr).toEqual([ONE, TWO])
    const moved = row({ partitionEpoch: 2, inSyncReplicas: [ONE] })
    term.replicas.settle(barrier, { kind: 'committed', row: moved }, term.nowMs)
    expect(term.highWatermark).toBe(2)
  })

  it('that is committed with an election of another leader still counts until this term ends', () => {
    const term = new Term(row({ inSyncReplicas: [ONE] }))
    term.append('a')
    term.fetch(TWO, 1)
    const change = term.propose()
    if (change === null) throw new Error('a change is due')
    const elsewhere = row({ partitionEpoch: 2, leaderEpoch: 2 as LeaderEpoch, leader: TWO })
    term.replicas.settle(change, { kind: 'committed', row: elsewhere }, term.nowMs)
    term.append('b')
    expect(term.highWatermark).toBe(1)
  })

  it('is taken from the feed as well, and an older row changes nothing', () => {
    const term = new Term(row({ inSyncReplicas: [ONE] }))
    term.replicas.adopt(row({ partitionEpoch: 5, inSyncReplicas: [ONE, TWO] }), 0)
    term.replicas.adopt(row({ partitionEpoch: 4, inSyncReplicas: [ONE] }), 0)
    expect(term.replicas.inSyncReplicas).toEqual([ONE, TWO])
  })
})
