import { type PartitionState, succeed } from '../elections/settle.ts'

/**
 * The partition without the broker in its leadership and its in-sync replicas, because its process
 * has begun anew. It stays eligible where the remaining ones are too few (B3.3), but only if its
 * disk is vouched for: otherwise it is just the last that is known to have had everything. Pure.
 */
export function leaveReplicaSet<State extends PartitionState>(
  now: State,
  brokerId: number,
  isVouched: boolean,
): State {
  const others = (members: readonly number[]): number[] =>
    members.filter((member) => member !== brokerId)
  const inSyncReplicas = others(now.inSyncReplicas)
  const suffices = inSyncReplicas.length >= now.effectiveMinIsr
  const eligible = others(now.eligibleReplicas)
  const lastKnown = others(now.lastKnownEligibleReplicas)
  return succeed(now, {
    ...now,
    inSyncReplicas,
    eligibleReplicas: suffices ? [] : isVouched ? [...eligible, brokerId] : eligible,
    lastKnownEligibleReplicas: suffices ? [] : isVouched ? lastKnown : [...lastKnown, brokerId],
    leader: now.leader === brokerId ? null : now.leader,
  })
}
