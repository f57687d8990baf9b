/** How a partition gets from one set of replicas to another (KIP-455). Pure. */
import type { Leadership } from '../elections/decide-leadership.ts'

/** The part of a partition that moves. */
export interface Moving extends Leadership {
  /** Empty: it does not move. */
  readonly targetReplicas: readonly number[]
  readonly addingReplicas: readonly number[]
}

/**
 * The partition on its target alone, or null while that is too early. All replicas that were added
 * have to be in sync, and enough must remain for acks=all: a move never makes a partition refuse
 * what it took before.
 */
export function completeReassignment<State extends Moving>(now: State): State | null {
  const { targetReplicas, addingReplicas, inSyncReplicas, effectiveMinIsr } = now
  if (targetReplicas.length === 0) return null
  const remaining = inSyncReplicas.filter((broker) => targetReplicas.includes(broker))
  const hasCaughtUp = addingReplicas.every((broker) => inSyncReplicas.includes(broker))
  if (!hasCaughtUp || remaining.length < effectiveMinIsr) return null
  return withReplicas(now, targetReplicas)
}

/** Those that leave the partition when it has moved. */
export function removingReplicas({
  replicas,
  targetReplicas,
}: Pick<Moving, 'replicas' | 'targetReplicas'>): number[] {
  if (targetReplicas.length === 0) return []
  return replicas.filter((broker) => !targetReplicas.includes(broker))
}

/** On these replicas alone, moving no more. Who is not among them is in no other set either. */
export function withReplicas<State extends Moving>(now: State, replicas: readonly number[]): State {
  const isReplica = (broker: number): boolean => replicas.includes(broker)
  return {
    ...now,
    replicas,
    inSyncReplicas: now.inSyncReplicas.filter(isReplica),
    eligibleReplicas: now.eligibleReplicas.filter(isReplica),
    lastKnownEligibleReplicas: now.lastKnownEligibleReplicas.filter(isReplica),
    leader: now.leader !== null && isReplica(now.leader) ? now.leader : null,
    targetReplicas: [],
    addingReplicas: [],
  }
}
