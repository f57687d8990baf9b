/** How the move of a partition to other replicas begins, and how it is taken back. Pure. */
import { BusError, limits } from '@courant/kernel'
import type { BrokerStates } from '../elections/decide-leadership.ts'
import { type PartitionState, settle } from '../elections/settle.ts'
import { withReplicas } from './complete-reassignment.ts'

/** Who may get replicas. */
export type Recipients = ReadonlySet<number>

/**
 * The partition with what it lacks of its target added; or on its target already, if nothing is
 * lacking. The very same when it has these replicas, or is on its way to them.
 */
export function startReassignment<State extends PartitionState>(
  now: State,
  target: readonly number[],
  { states, recipients }: { readonly states: BrokerStates; readonly recipients: Recipients },
): State {
  const isMoving = now.targetReplicas.length > 0
  if (isSame(target, isMoving ? now.targetReplicas : now.replicas)) return now
  if (isMoving) {
    throw new BusError(
      'REASSIGNMENT_IN_PROGRESS',
      'The partition moves elsewhere. Cancel that first.',
    )
  }
  const added = target.filter((broker) => !now.replicas.includes(broker))
  const unfit = added.filter((broker) => !recipients.has(broker))
  if (unfit.length > 0)
    throw invalid(`These brokers cannot take replicas now: ${unfit.join(', ')}.`)
  const started = {
    ...now,
    replicas: [...now.replicas, ...added],
    targetReplicas: target,
    addingReplicas: added,
  }
  return settle(started, states)
}

/** The partition on the replicas that it had before its move. */
export function cancelReassignment<State extends PartitionState>(
  now: State,
  states: BrokerStates,
): State {
  if (now.targetReplicas.length === 0) {
    throw new BusError('NO_REASSIGNMENT_IN_PROGRESS', 'The partition is not moving.')
  }
  const isAdded = (broker: number): boolean => now.addingReplicas.includes(broker)
  const before = now.replicas.filter((broker) => !isAdded(broker))
  const back = settle(withReplicas(now, before), states)
  const loses = [...now.inSyncReplicas, ...now.eligibleReplicas].some(isAdded)
  const isShort = loses && back.inSyncReplicas.length < now.effectiveMinIsr
  if (isShort || (now.leader !== null && back.leader === null)) {
    const detail = 'Too few of the replicas that the partition had before are in sync.'
    throw new BusError('NOT_ENOUGH_REPLICAS', detail)
  }
  return back
}

/** For targets that somebody has thought of. Throws INVALID_REPLICA_ASSIGNMENT. */
export function checkTarget(now: PartitionState, target: readonly number[]): void {
  const least = now.effectiveMinIsr
  const most = limits.replicationFactorMax
  if (new Set(target).size < target.length) throw invalid('A broker is named twice.')
  if (target.length >= least && target.length <= most) return
  throw invalid(`A partition of this topic has ${least} to ${most} replicas: its minimum in sync.`)
}

function invalid(detail: string): BusError {
  return new BusError('INVALID_REPLICA_ASSIGNMENT', detail)
}

function isSame(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((broker, index) => broker === b[index])
}
