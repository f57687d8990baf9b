import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Assignment, AssignmentProblem, Assignor } from './assignor.ts'
import { range } from './range.ts'
import { uniform } from './uniform.ts'

const counts = fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 5 })

/** Members with subscriptions of their own, and a current assignment that may be any. */
const problems: fc.Arbitrary<AssignmentProblem> = counts.chain((partitionCounts) =>
  fc
    .array(fc.subarray([...partitionCounts.keys()]), { minLength: 1, maxLength: 6 })
    .chain((subscriptions) =>
      fc
        .tuple(...partitionCounts.map((count) => currentOf(count, subscriptions.length)))
        .map((current) => ({ subscriptions, partitionCounts, current })),
    ),
)

/** All members subscribe to all topics. */
const alike = fc
  .tuple(counts, fc.integer({ min: 1, max: 9 }))
  .map(([partitionCounts, members]) => fresh(partitionCounts, members))

function currentOf(count: number, members: number): fc.Arbitrary<Int32Array> {
  const member = fc.integer({ min: -1, max: members - 1 })
  return fc.array(member, { minLength: count, maxLength: count }).map((row) => Int32Array.from(row))
}

function fresh(partitionCounts: readonly number[], members: number): AssignmentProblem {
  return {
    subscriptions: Array.from({ length: members }, () => [...partitionCounts.keys()]),
    partitionCounts,
    current: partitionCounts.map((count) => new Int32Array(count).fill(-1)),
  }
}

function loads(assignment: Assignment, members: number): number[] {
  const load = new Array<number>(members).fill(0)
  for (const row of assignment) for (const member of row) load[member] = (load[member] ?? 0) + 1
  return load
}

function moves(before: Assignment, after: Assignment): number {
  return before.flatMap((row, topic) =>
    [...row].filter((member, p) => after[topic]?.[p] !== member),
  ).length
}

describe.each<[string, Assignor]>([
  ['uniform', uniform],
  ['range', range],
])('%s', (_, assignor) => {
  it('gives every partition of a subscribed topic to one subscriber, and no other to anybody', () => {
    fc.assert(
      fc.property(problems, (problem) => {
        assignor(problem).forEach((row, topic) => {
          expect(row.length).toBe(problem.partitionCounts[topic])
          const isWanted = problem.subscriptions.some((topics) => topics.includes(topic))
          for (const member of row) {
            if (isWanted) expect(problem.subscriptions[member]).toContain(topic)
            else expect(member).toBe(-1)
          }
        })
      }),
    )
  })

  it('is a function of the problem', () => {
    fc.assert(
      fc.property(problems, (problem) => {
        expect(assignor(structuredClone(problem))).toEqual(assignor(problem))
      }),
    )
  })
})

describe('uniform', () => {
  it('gives members with the same topics numbers that differ by one at most', () => {
    fc.assert(
      fc.property(alike, (problem) => {
        const load = loads(uniform(problem), problem.subscriptions.length)
        expect(Math.max(...load) - Math.min(...load)).toBeLessThanOrEqual(1)
      }),
    )
  })

  it('leaves no partition with a member while a subscriber of its topic has two fewer', () => {
    fc.assert(
      fc.property(problems, (problem) => {
        const assignment = uniform(problem)
        const load = loads(assignment, problem.subscriptions.length)
        assignment.forEach((row, topic) => {
          for (const owner of row) {
            problem.subscriptions.forEach((topics, member) => {
              if (owner < 0 || !topics.includes(topic)) return
              expect((load[owner] ?? 0) - (load[member] ?? 0)).toBeLessThanOrEqual(1)
            })
          }
        })
      }),
    )
  })

  it('moves nothing when nothing has changed', () => {
    fc.assert(
      fc.property(problems, (problem) => {
        const current = uniform(problem)
        expect(uniform({ ...problem, current })).toEqual(current)
      }),
    )
  })

  it('moves no more than the fair part of a member that joins', () => {
    fc.assert(
      fc.property(alike, (problem) => {
        const before = uniform(problem)
        const members = problem.subscriptions.length + 1
        const after = uniform({ ...fresh(problem.partitionCounts, members), current: before })
        const partitions = problem.partitionCounts.reduce((sum, count) => sum + count, 0)
        expect(moves(before, after)).toBeLessThanOrEqual(Math.ceil(partitions / members))
      }),
    )
  })
})

describe('range', () => {
  it('gives a member the same partitions of topics that have as many and the same readers', () => {
    const [orders, payments] = range(fresh([7, 7], 3))
    expect(orders).toEqual(Int32Array.of(0, 0, 0, 1, 1, 2, 2))
    expect(payments).toEqual(orders)
  })
})
