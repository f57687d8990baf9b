import type { BrokerId, LeaderEpoch } from '@courant/kernel'

/**
 * What the control plane has decided about one partition: its row, as the metadata feed brings it.
 * Only `partitionEpoch` tells which of two rows is newer.
 */
export interface PartitionRow {
  /** Preferred leader first. */
  readonly replicas: readonly BrokerId[]
  readonly inSyncReplicas: readonly BrokerId[]
  readonly leader: BrokerId | null
  readonly leaderEpoch: LeaderEpoch
  readonly partitionEpoch: number
  /**
   * A part of the row and not of the topic's settings, so that a leader and the control plane that
   * fills the eligible leader replicas can never use two different ones (reliability B3.4).
   */
  readonly effectiveMinIsr: number
}

/** What the metadata says of brokers. Followers are believed by it, never by what they say. */
export interface BrokerRegistry {
  /** The epoch of the newest registration; null for an unknown broker. */
  epochOf(broker: BrokerId): number | null
  /** Neither fenced nor on its way out: it may join the in-sync replicas (KIP-841). */
  isActive(broker: BrokerId): boolean
}
