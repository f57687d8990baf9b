export { DigestSum, type EntryKind } from './digest.ts'
export type { OpenWatch } from './grpc-watch.ts'
export { type ClusterIdentity, MetadataCopy, type MetadataListener } from './metadata-copy.ts'
export {
  MetadataWatcher,
  type MetadataWatcherOptions,
  type WatchEvent,
} from './metadata-watcher.ts'
export type { ApiKey, Broker, MetadataEvent, Partition, Tenant, Topic } from './model.ts'
export type { TopicQuery } from './topic-list.ts'
