import { type PartitionState, succeed } from '../elections/settle.ts'

/**
 * The minimum is part of a partition's state and moves with its epoch (B3.4): a leader that still
 * holds a lower one could otherwise acknowledge alone what an election then takes for incomplete.
 * Where the in-sync replicas now suffice, nobody else is eligible (KIP-966). Pure.
 */
export function withMinIsr<State extends PartitionState>(now: State, minIsr: number): State {
  const next = { ...now, effectiveMinIsr: minIsr }
  const suffices = now.inSyncReplicas.length >= minIsr
  return succeed(
    now,
    suffices ? { ...next, eligibleReplicas: [], lastKnownEligibleReplicas: [] } : next,
  )
}
