/** What one change of in-sync replicas does to the partitions of its transaction. Pure. */
import type { InSyncChange, InSyncResult } from '@courant/api/internal/v1/broker'
import { assert, type ErrorCode } from '@courant/kernel'
import { type LockedBrokers, statesOf } from '../elections/broker-states.ts'
import { withInSyncReplicas } from '../elections/decide-leadership.ts'
import { settle, succeed } from '../elections/settle.ts'
import { partitionKey } from '../partitions/partition-key.ts'
import type { PartitionRow } from '../schema/partition.ts'
import { partitionWire } from '../topics/topic-wire.ts'
import { judgeChange, withdraws } from './judge-change.ts'

/** Alters the row in `rows`, so that a second change of one partition meets the first. */
export function applyChange(
  change: InSyncChange,
  sender: number,
  rows: Map<string, PartitionRow>,
  brokers: LockedBrokers,
): InSyncResult {
  const key = partitionKey(change)
  const before = rows.get(key)
  if (before === undefined) return resultOf(change, 'PARTITION_NOT_FOUND', undefined)
  const error = judgeChange(change, sender, before, brokers)
  if (error !== null) return resultOf(change, error, before)
  const after = withdraws(change, sender, before)
    ? withoutSender(before, sender, brokers)
    : succeed(before, withMembers(before, change, brokers))
  rows.set(key, after)
  return resultOf(change, '', after)
}

/** Every member's broker is locked, so nobody is elected here who might be fenced at COMMIT. */
function withMembers(
  before: PartitionRow,
  { inSyncReplicas }: InSyncChange,
  brokers: LockedBrokers,
): PartitionRow {
  const proposed = new Set(inSyncReplicas.map(({ brokerId }) => brokerId))
  const inOrder = before.replicas.filter((brokerId) => proposed.has(brokerId))
  const states = statesOf(brokers)
  return settle(withInSyncReplicas(before, inOrder), states)
}

/**
 * Without a replica that is damaged, and not to be elected. Always a new term: what it has fetched
 * in the old one must not bring it back in once it has begun anew, with nothing.
 */
function withoutSender(before: PartitionRow, sender: number, brokers: LockedBrokers): PartitionRow {
  const others = (ids: readonly number[]): number[] => ids.filter((id) => id !== sender)
  const inSync = withInSyncReplicas(before, others(before.inSyncReplicas))
  const isShort = inSync.inSyncReplicas.length < before.effectiveMinIsr
  const lastKnown = others(inSync.lastKnownEligibleReplicas)
  const without = {
    ...inSync,
    eligibleReplicas: others(inSync.eligibleReplicas),
    lastKnownEligibleReplicas: isShort ? [...lastKnown, sender] : lastKnown,
    leader: before.leader === sender ? null : before.leader,
  }
  const after = succeed(before, settle(without, statesOf(brokers)))
  return { ...after, leaderEpoch: before.leaderEpoch + 1 }
}

function resultOf(
  { topicId, partition }: InSyncChange,
  error: ErrorCode | '',
  row: PartitionRow | undefined,
): InSyncResult {
  assert(row !== undefined || error !== '', 'what was altered is there')
  return { topicId, partition, error, row: row && partitionWire(row) }
}
