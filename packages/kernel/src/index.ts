export { AssertionError, assert, unreachable } from './assert.ts'
export { type Clock, systemClock, type Timer, wait } from './clock.ts'
export { BusError, type BusErrorOptions, type FieldViolation } from './error.ts'
export { type ErrorCode, type ErrorFacts, errorCodes } from './error-codes.ts'
export { giveBack } from './give-back.ts'
export {
  type BrokerId,
  brokerId,
  isUuid,
  type LeaderEpoch,
  leaderEpoch,
  type Offset,
  offset,
  type PartitionIndex,
  type Position,
  partitionIndex,
  position,
  type TenantId,
  type TopicId,
  tenantId,
  topicId,
} from './ids.ts'
export { limits } from './limits.ts'
export { isNewer, type MetadataPosition } from './metadata-position.ts'
export type { Address, Connection, ConnectionEvents, Listener, Network } from './network.ts'
export { type Random, SeededRandom, systemRandom } from './random.ts'
export {
  decodeTopicConfig,
  defaultTopicConfig,
  encodeTopicConfig,
  type TopicConfig,
  type TopicSettingName,
  topicSettings,
} from './topic-config.ts'
export { topicNameProblem } from './topic-name.ts'
