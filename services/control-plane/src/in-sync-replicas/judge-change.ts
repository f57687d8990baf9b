/**
 * Whether a leader may change its partition's in-sync replicas (B4, KIP-497, KIP-841, KIP-903), or
 * a replica take itself out of them. Pure.
 */
import type { InSyncChange, InSyncReplica } from '@courant/api/internal/v1/broker'
import type { ErrorCode } from '@courant/kernel'
import type { LockedBrokers } from '../elections/broker-states.ts'
import type { PartitionState } from '../elections/settle.ts'

/** The first objection in Kafka's order (ReplicationControlManager.validateAlterPartitionData). */
export function judgeChange(
  change: InSyncChange,
  sender: number,
  now: PartitionState,
  brokers: LockedBrokers,
): ErrorCode | null {
  const { leaderEpoch, partitionEpoch } = change
  // A leader knows only what was committed: it is the database that has gone back in time (B1.2).
  if (leaderEpoch > now.leaderEpoch || partitionEpoch > now.partitionEpoch) {
    return 'METADATA_ROLLBACK'
  }
  if (leaderEpoch < now.leaderEpoch) return 'FENCED_LEADER_EPOCH'
  const isWithdrawal = withdraws(change, sender, now)
  if (sender !== now.leader && !isWithdrawal) return 'NOT_LEADER'
  if (partitionEpoch < now.partitionEpoch) return 'INVALID_UPDATE_VERSION'
  if (isWithdrawal) return mayGoOnWithout(sender, now, brokers) ? null : 'INELIGIBLE_REPLICA'
  if (!isSetOfReplicas(change.inSyncReplicas, now)) return 'INVALID_ARGUMENT'
  const isEligible = (member: InSyncReplica): boolean => mayBeInSync(member, now, brokers)
  return change.inSyncReplicas.every(isEligible) ? null : 'INELIGIBLE_REPLICA'
}

/**
 * A replica names all that are in sync but itself: it has found that its disk is damaged
 * (reliability B10.2, B10.4). It may be the leader, in sync, or neither.
 */
export function withdraws(
  { inSyncReplicas }: InSyncChange,
  sender: number,
  now: PartitionState,
): boolean {
  const others = now.inSyncReplicas.filter((brokerId) => brokerId !== sender)
  return (
    now.replicas.includes(sender) &&
    others.length > 0 &&
    inSyncReplicas.length === others.length &&
    others.every((other) => inSyncReplicas.some(({ brokerId }) => brokerId === other))
  )
}

/** Another one that has everything can lead. Else damaged records are better than none. */
function mayGoOnWithout(sender: number, now: PartitionState, brokers: LockedBrokers): boolean {
  const isActive = (brokerId: number): boolean => brokers.get(brokerId)?.state === 'active'
  return now.inSyncReplicas.some((brokerId) => brokerId !== sender && isActive(brokerId))
}

function isSetOfReplicas(members: readonly InSyncReplica[], now: PartitionState): boolean {
  const ids = new Set(members.map(({ brokerId }) => brokerId))
  const areReplicas = [...ids].every((brokerId) => now.replicas.includes(brokerId))
  return areReplicas && ids.size === members.length && now.leader !== null && ids.has(now.leader)
}

/**
 * Who joins is active, and the same process that fetched: a later one may have lost its disk.
 * Who is in already has not restarted since, or it would be out; it may be on its way out still.
 */
function mayBeInSync(member: InSyncReplica, now: PartitionState, brokers: LockedBrokers): boolean {
  const broker = brokers.get(member.brokerId)
  if (broker === undefined || broker.state === 'fenced') return false
  const isIn = now.inSyncReplicas.includes(member.brokerId)
  if (member.brokerEpoch === 0) return isIn
  return member.brokerEpoch === broker.brokerEpoch && (isIn || broker.state === 'active')
}
