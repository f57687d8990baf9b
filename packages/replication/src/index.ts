export type { Alteration, AlterationOutcome } from './alteration.ts'
export { FetchSession, type SessionRequest } from './fetch-session.ts'
export {
  type FetchedPartition,
  type FetchPosition,
  Follower,
} from './follower.ts'
export { type Asked, FollowerSession, type News } from './follower-session.ts'
export type { EpochEnd, LogEnds } from './log-ends.ts'
export type { BrokerRegistry, PartitionRow } from './partition-row.ts'
export { PauseWatch } from './pause-watch.ts'
export { type FollowerFetch, type LagLimit, ReplicaSet } from './replica-set.ts'
