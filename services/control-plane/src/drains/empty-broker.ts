/** How the replicas of a broker that is to be empty go elsewhere. Pure. */
import { BusError } from '@courant/kernel'
import { type LockedBrokers, recipientsOf, statesOf } from '../elections/broker-states.ts'
import type { BrokerStates } from '../elections/decide-leadership.ts'
import { succeed } from '../elections/settle.ts'
import { placeReplacement } from '../placement/place-replicas.ts'
import { cancelReassignment, startReassignment } from '../reassignments/change-reassignment.ts'
import type { BrokerRow } from '../schema/broker.ts'
import type { PartitionRow } from '../schema/partition.ts'

/**
 * Partitions of all drains that move at one time: enough to keep disks and network at work, few
 * enough that a broker which dies meanwhile leaves little half done.
 */
export const MOVING_MAX = 50

/** Replicas of all topics by broker; counts up with what is placed. */
export type Load = Map<number, number>

/** The partition on its way off all brokers that are to be empty, as far as there is room. */
export function moveOff(row: PartitionRow, brokers: LockedBrokers, load: Load): PartitionRow {
  const recipients = recipientsOf(brokers)
  const known = (brokerIds: readonly number[]): BrokerRow[] =>
    brokerIds.flatMap((brokerId) => brokers.get(brokerId) ?? [])
  let target: readonly number[] = row.replicas
  for (const leaving of known(row.replicas).filter(({ isEmptying }) => isEmptying)) {
    const staying = target.filter((brokerId) => brokerId !== leaving.brokerId)
    const candidates = known([...recipients]).map((candidate) => ({
      ...candidate,
      replicas: load.get(candidate.brokerId) ?? 0,
    }))
    const replacement = placeReplacement({ candidates, staying: known(staying) })
    // There may be room for one of its replicas and not for another: the next pass tries again.
    if (replacement === null) continue
    load.set(replacement, (load.get(replacement) ?? 0) + 1)
    // In its place, so that who takes over a preferred leader's replica is the preferred leader.
    target = target.map((brokerId) => (brokerId === leaving.brokerId ? replacement : brokerId))
  }
  const started = startReassignment(row, target, { states: statesOf(brokers), recipients })
  return succeed(row, started)
}

/** Back where they were; those stay on their way that would have too few replicas in sync there. */
export function moveBack(rows: readonly PartitionRow[], states: BrokerStates): PartitionRow[] {
  return rows.flatMap((row) => {
    try {
      return [succeed(row, cancelReassignment(row, states))]
    } catch (error) {
      if (error instanceof BusError) return []
      throw error
    }
  })
}

/**
 * `needed`: replicas of the largest of its partitions. Throws BROKER_UNAVAILABLE when the other
 * brokers are too few to take them.
 */
export function checkRoom(brokers: LockedBrokers, brokerId: number, needed: number): void {
  const others = new Set(recipientsOf(brokers))
  others.delete(brokerId)
  if (needed <= others.size) return
  const detail = `Its partitions have up to ${needed} replicas, and ${others.size} other brokers are active.`
  throw new BusError('BROKER_UNAVAILABLE', detail)
}
