import type { BrokerId, LeaderEpoch } from '@courant/kernel'
import type { ProposedIsr } from './in-sync-replicas.ts'
import type { PartitionRow } from './partition-row.ts'

/** A change of the in-sync replicas to ask the control plane for, which answers by `settle`. */
export interface Alteration {
  readonly leaderEpoch: LeaderEpoch
  readonly proposal: ProposedIsr
  /** With the broker epoch in which each last fetched (KIP-903); 0 for one that has not yet. */
  readonly members: readonly { readonly broker: BrokerId; readonly brokerEpoch: number }[]
}

/**
 * What became of an alteration. `rejected` only where the control plane says so: whatever else goes
 * wrong leaves it unknown, and unknown is not rejected (reliability B0.4).
 */
export type AlterationOutcome =
  | { readonly kind: 'committed'; readonly row: PartitionRow }
  | { readonly kind: 'rejected'; readonly row: PartitionRow | null }
  | { readonly kind: 'unknown' }
