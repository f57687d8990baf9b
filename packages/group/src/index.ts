export type { AssignorName } from './assignors/assignor.ts'
export type {
  AssignedTopic,
  Commit,
  CommitReleases,
  CommitVerdict,
  Heartbeat,
  HeartbeatAnswer,
  IdleReason,
  MemberEvent,
  Now,
  Poll,
  PollAnswer,
  Topic,
  TopicPartitions,
} from './calls.ts'
export type {
  GroupDescription,
  GroupState,
  GroupSummary,
  MemberDescription,
  PartitionDescription,
} from './describe.ts'
export { type BegunPoll, Group } from './group.ts'
export type { GroupPorts, Settled } from './group-ports.ts'
export { GROUP_SHARDS, groupShard } from './group-shard.ts'
export type { Incident, IncidentKind } from './incidents.ts'
export { groupNameProblem, memberIdProblem } from './names.ts'
export { PollNumbers } from './poll-numbers.ts'
export {
  type GroupChanges,
  type GroupRow,
  isEmpty,
  type MemberRow,
  type PartitionRef,
  type PartitionRow,
  type StoredGroup,
} from './rows.ts'
export { parseSubscription, type Subscription } from './subscription.ts'
export { parseTimeouts, type Timeouts } from './timeouts.ts'
