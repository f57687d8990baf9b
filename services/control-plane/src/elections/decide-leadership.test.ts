/** Goal: whatever comes and goes, only a replica that has every acknowledged record ever leads. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type BrokerStates, decideLeadership, type Leadership } from './decide-leadership.ts'

const REPLICAS = [1, 2, 3]

const states = fc
  .tuple(...REPLICAS.map(() => fc.constantFrom('active', 'draining', 'fenced')))
  .map((of): BrokerStates => new Map(REPLICAS.map((id, index) => [id, of[index] ?? 'fenced'])))

function fresh(minIsr: number): Leadership {
  return {
    replicas: REPLICAS,
    inSyncReplicas: REPLICAS,
    eligibleReplicas: [],
    lastKnownEligibleReplicas: [],
    leader: 1,
    effectiveMinIsr: minIsr,
  }
}

/** The leadership after each of a series of states. */
function play(minIsr: number, series: readonly BrokerStates[]): [Leadership, BrokerStates][] {
  let now = fresh(minIsr)
  return series.map((of) => {
    now = decideLeadership(now, of) ?? now
    return [now, of]
  })
}

const history = fc.record({
  minIsr: fc.integer({ min: 1, max: 3 }),
  series: fc.array(states, { minLength: 1, maxLength: 12 }),
})

describe('elections', () => {
  it('keep what the table demands, and never elect a fenced broker', () => {
    fc.assert(
      fc.property(history, ({ minIsr, series }) => {
        for (const [now, of] of play(minIsr, series)) {
          const sets = [...now.inSyncReplicas, ...now.eligibleReplicas]
          expect(new Set(sets).size).toBe(sets.length)
          expect(now.replicas).toEqual(expect.arrayContaining(sets))
          for (const member of now.inSyncReplicas) expect(of.get(member)).not.toBe('fenced')
          if (now.leader !== null) expect(now.inSyncReplicas).toContain(now.leader)
        }
      }),
    )
  })

  it('keep enough replicas that have everything (KIP-966)', () => {
    fc.assert(
      fc.property(history, ({ minIsr, series }) => {
        for (const [now] of play(minIsr, series)) {
          const complete = now.inSyncReplicas.length + now.eligibleReplicas.length
          expect(complete).toBeGreaterThanOrEqual(minIsr)
        }
      }),
    )
  })

  it('find a leader whenever one is active that has everything', () => {
    fc.assert(
      fc.property(history, ({ minIsr, series }) => {
        let before = fresh(minIsr)
        for (const [now, of] of play(minIsr, series)) {
          const complete = [...before.inSyncReplicas, ...before.eligibleReplicas]
          if (complete.some((id) => of.get(id) === 'active')) {
            expect(of.get(now.leader ?? -1)).toBe('active')
          }
          before = now
        }
      }),
    )
  })

  it('elect nobody who has not been in sync or eligible', () => {
    fc.assert(
      fc.property(history, ({ minIsr, series }) => {
        let before = fresh(minIsr)
        for (const [now] of play(minIsr, series)) {
          const complete = [...before.inSyncReplicas, ...before.eligibleReplicas]
          if (now.leader !== null) expect(complete).toContain(now.leader)
          for (const member of now.inSyncReplicas) expect(complete).toContain(member)
          before = now
        }
      }),
    )
  })

  it('change nothing when they are run again', () => {
    fc.assert(
      fc.property(history, ({ minIsr, series }) => {
        for (const [now, of] of play(minIsr, series)) expect(decideLeadership(now, of)).toBeNull()
      }),
    )
  })

  it('forget who left while enough remained: they go on without it (KIP-966)', () => {
    const of = (first: 'active' | 'fenced', third: 'active' | 'fenced'): BrokerStates =>
      new Map([
        [1, first],
        [2, first],
        [3, third],
      ])
    const without = decideLeadership(fresh(2), of('active', 'fenced'))
    expect(without).toMatchObject({ inSyncReplicas: [1, 2], eligibleReplicas: [] })
    expect(without && decideLeadership(without, of('fenced', 'active'))).toMatchObject({
      leader: null,
    })
  })

  it('prefer the first replica, and do not move a leader that serves', () => {
    const of: BrokerStates = new Map([
      [1, 'fenced'],
      [2, 'active'],
      [3, 'active'],
    ])
    const moved = decideLeadership(fresh(1), of)
    expect(moved).toMatchObject({ leader: 2, inSyncReplicas: [2, 3], eligibleReplicas: [] })
    const back: BrokerStates = new Map(REPLICAS.map((id) => [id, 'active']))
    expect(moved && decideLeadership(moved, back)).toBeNull()
  })
})
