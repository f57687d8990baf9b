export { divergence, type FollowerEnd } from './divergence.ts'
export { FetchSession } from './fetch-session.ts'
export {
  type FetchedPartition,
  type FetchPosition,
  Follower,
  type FollowerAction,
} from './follower.ts'
export { FollowerSession } from './follower-session.ts'
export type { EpochEnd, LogEnds } from './log-ends.ts'
export type { BrokerRegistry, PartitionRow } from './partition-row.ts'
export { PauseWatch } from './pause-watch.ts'
export {
  type Alteration,
  type AlterationOutcome,
  type LeaderTerm,
  ReplicaSet,
} from './replica-set.ts'
