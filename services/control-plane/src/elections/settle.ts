/**
 * What becomes of a partition once its brokers or its in-sync replicas have changed: elections and
 * the end of moves, and the epochs that go with them. Pure.
 */
import { completeReassignment, type Moving } from '../reassignments/complete-reassignment.ts'
import { type BrokerStates, decideLeadership } from './decide-leadership.ts'

/** All of a partition that a decision reads or changes. */
export interface PartitionState extends Moving {
  readonly leaderEpoch: number
  readonly partitionEpoch: number
  readonly lastUncleanLeaderEpoch: number
}

/** As it should be, epochs aside; the very same when it is so already. */
export function settle<State extends PartitionState>(now: State, states: BrokerStates): State {
  const elected = decideLeadership(now, states) ?? now
  const moved = completeReassignment(elected)
  if (moved === null) return elected
  const settled = decideLeadership(moved, states) ?? moved
  // Where nobody could lead who stays, those who leave are still needed.
  return settled.leader === null ? elected : settled
}

/** Those that are not as they should be, as they should be, with their epochs. */
export function settleAll<State extends PartitionState>(
  rows: readonly State[],
  states: BrokerStates,
): State[] {
  return rows.flatMap((row) => {
    const next = settle(row, states)
    return next === row ? [] : [succeed(row, next)]
  })
}

/**
 * The state after `before`, with its epochs (B0.2). A new term begins with another leader, and when
 * a replica leaves: what it has fetched in the old term must not count if it comes back (bug 9).
 */
export function succeed<State extends PartitionState>(before: State, after: State): State {
  const hasLost = before.replicas.some((broker) => !after.replicas.includes(broker))
  const isNewTerm = after.leader !== before.leader || hasLost
  return {
    ...after,
    leaderEpoch: before.leaderEpoch + (isNewTerm ? 1 : 0),
    partitionEpoch: before.partitionEpoch + 1,
  }
}

/** The next state of one whose preferred leader may lead it. */
export function ledByPreferred<State extends PartitionState>(now: State): State {
  return succeed(now, { ...now, leader: now.replicas[0] ?? null })
}
