/** What an operator's wish does to one partition of its transaction. Pure. */
import type { Reassignment, ReassignmentResult } from '@courant/api/internal/v1/cluster'
import { BusError } from '@courant/kernel'
import { type LockedBrokers, recipientsOf } from '../elections/broker-states.ts'
import type { BrokerStates } from '../elections/decide-leadership.ts'
import { succeed } from '../elections/settle.ts'
import { type PartitionName, partitionKey } from '../partitions/partition-key.ts'
import type { PartitionRow } from '../schema/partition.ts'
import { partitionWire } from '../topics/topic-wire.ts'
import { cancelReassignment, checkTarget, startReassignment } from './change-reassignment.ts'

/** What decisions are made from, and true until COMMIT. */
interface DecisionGround {
  readonly brokers: LockedBrokers
  readonly states: BrokerStates
}

/** Returns the same row where nothing is to be done; throws a BusError to refuse. */
export type Decide<Named> = (row: PartitionRow, of: Named, ground: DecisionGround) => PartitionRow

export const decideReassignment: Decide<Reassignment> = (row, { replicas }, ground) => {
  checkTarget(row, replicas)
  const { states, brokers } = ground
  return startReassignment(row, replicas, { states, recipients: recipientsOf(brokers) })
}

export const decideCancellation: Decide<PartitionName> = (row, _name, { states }) =>
  cancelReassignment(row, states)

/** Alters the row in `rows`, so that a second wish for one partition meets the first. */
export function decideOne(
  rows: Map<string, PartitionRow>,
  { topicId, partition }: PartitionName,
  decide: (row: PartitionRow) => PartitionRow,
): ReassignmentResult {
  const key = partitionKey({ topicId, partition })
  const before = rows.get(key)
  const name = { topicId, partition }
  try {
    if (before === undefined) {
      throw new BusError('PARTITION_NOT_FOUND', 'There is no such partition.')
    }
    const next = decide(before)
    const after = next === before ? before : succeed(before, next)
    rows.set(key, after)
    return { ...name, error: '', detail: '', row: partitionWire(after) }
  } catch (error) {
    if (!(error instanceof BusError)) throw error
    return {
      ...name,
      error: error.code,
      detail: error.detail,
      row: before && partitionWire(before),
    }
  }
}
