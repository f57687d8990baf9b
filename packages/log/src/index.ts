export { openLogDirectory } from './directory/open-log-directory.ts'
export { openNodeStorage } from './disk/node-storage.ts'
export type {
  LogDirectory,
  LogDirectoryMetrics,
  LogDirectoryOptions,
} from './log-directory.ts'
export { DirectoryInUseError } from './log-directory.ts'
export type {
  AppendRequest,
  AppendResult,
  FoundTimestamp,
  LogConfig,
  LogObserver,
  PartitionLog,
  ReadRequest,
  ReadResult,
} from './partition-log.ts'
export { RingCorruptError } from './ring/ring-corrupt-error.ts'
export {
  type OpenMode,
  type Storage,
  type StorageFile,
  type StorageLock,
  StorageMissingError,
} from './storage.ts'
