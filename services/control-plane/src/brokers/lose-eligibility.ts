import { type PartitionState, succeed } from '../elections/settle.ts'

/**
 * The partition, of which the broker was eligible, once its disk is known not to be what it was: it
 * is just the last that is known to have had everything (B2.3, KIP-966). Pure.
 */
export function loseEligibility<State extends PartitionState>(now: State, brokerId: number): State {
  return succeed(now, {
    ...now,
    eligibleReplicas: now.eligibleReplicas.filter((member) => member !== brokerId),
    lastKnownEligibleReplicas: [...now.lastKnownEligibleReplicas, brokerId],
  })
}
