export type { Batch, OffsetReset, TopicPartitions } from './consumer/batch.ts'
export { Consumer } from './consumer/consumer.ts'
export type { ConsumerOptions, RunOptions, WorkContext } from './consumer/consumer-options.ts'
export { Courant } from './courant.ts'
export { CourantError } from './courant-error.ts'
export type { CourantOptions } from './options.ts'
export type { Problem } from './problem.ts'
export type { Message } from './producer/message.ts'
export { ProduceError } from './producer/produce-error.ts'
export { Producer, type ProducerOptions } from './producer/producer.ts'
export type { WrittenRecord } from './producer/written-record.ts'
export type { ReadOptions, Start } from './reader/read-partition.ts'
export { ReadRecord, type RecordHeader } from './record.ts'
export {
  type OpenTelemetryApi,
  openTelemetry,
  type Span,
  type Telemetry,
} from './telemetry.ts'
export type { NewTopic, Topic, TopicChange, TopicSummary } from './topics.ts'
export { Topics } from './topics.ts'
