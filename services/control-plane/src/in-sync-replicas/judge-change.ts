/**
 * Whether a leader may change its partition's in-sync replicas (B4, KIP-497, KIP-841, KIP-903).
 * Pure.
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
  if (sender !== now.leader) return 'NOT_LEADER'
  if (partitionEpoch < now.partitionEpoch) return 'INVALID_UPDATE_VERSION'
  if (!isSetOfReplicas(change.inSyncReplicas, now)) return 'INVALID_ARGUMENT'
  const isEligible = (member: InSyncReplica): boolean => mayBeInSync(member, now, brokers)
  return change.inSyncReplicas.every(isEligible) ? null : 'INELIGIBLE_REPLICA'
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
