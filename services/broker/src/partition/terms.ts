import type { BrokerId, LeaderEpoch, TopicConfig } from '@courant/kernel'
import type { PartitionRow } from '@courant/replication'

/** One leader's term, as the control plane decided it. */
export interface Term {
  readonly row: PartitionRow
  readonly config: TopicConfig
}

/** Another broker's term. */
export interface FollowedTerm {
  readonly leader: BrokerId
  readonly leaderEpoch: LeaderEpoch
  readonly lastUncleanLeaderEpoch: LeaderEpoch
  readonly config: TopicConfig
}
