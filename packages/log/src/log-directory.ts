import type { Clock, PartitionIndex, Random, TopicId } from '@courant/kernel'
import type { LogConfig, PartitionLog } from './partition-log.ts'
import type { Storage } from './storage.ts'

export interface LogDirectoryOptions {
  readonly storage: Storage
  readonly clock: Clock
  readonly random: Random
  /** Size of a new ring; an existing one keeps its own. A multiple of 4 KiB, at least 1 MiB. */
  readonly ringBytes: number
  /** Memory of this directory for batches that are on file already. */
  readonly tailCacheBytes?: number
  /** Descriptors of segment files kept open. */
  readonly openFilesMax?: number
  /**
   * Partitions written and synced at the same time by checkpoints: at most half the thread pool.
   */
  readonly checkpointsInFlightMax?: number
  /** Appends are refused below this; two rings and one segment when not given. */
  readonly freeBytesMin?: number
  /** A write or a sync failed: the directory is offline until the process starts anew. */
  readonly onOffline?: (cause: Error) => void
  /** For tests, which spoil memory that nobody may look at any more. */
  readonly onMemoryReused?: (memory: Buffer) => void
}

/** Counters since the start, and gauges of this moment. */
export interface LogDirectoryMetrics {
  readonly partitions: number
  readonly appends: number
  readonly appendedBytes: number
  /** Reads of records that memory did not hold. */
  readonly fileReads: number
  readonly ringBytes: number
  readonly ringUsedBytes: number
  readonly ringQueuedBytes: number
  readonly ringCycles: number
  readonly ringWrittenBytes: number
  readonly dirtyPartitions: number
  /** Cycles between the oldest that a checkpoint has yet to save and the newest durable one. */
  readonly checkpointLagCycles: number
  readonly checkpointRounds: number
  readonly checkpointedPartitions: number
  readonly checkpointedBytes: number
  readonly tailCacheBytes: number
  readonly openFiles: number
  readonly freeBytes: number
  readonly corruptPartitions: number
  readonly state: 'online' | 'offline' | 'closed'
}

/**
 * A data directory: all partition logs of a process, and the ring that makes them durable.
 *
 * What a directory on the disk contains and nobody knows of is left alone: data is deleted by
 * `delete` only, never because something does not mention it.
 */
export interface LogDirectory {
  find(topicId: TopicId, partition: PartitionIndex): PartitionLog | null
  partitions(): Iterable<PartitionLog>
  /** Creates the log, or returns the one that exists. It is durable when this resolves. */
  create(topicId: TopicId, partition: PartitionIndex, config: LogConfig): Promise<PartitionLog>
  /** Deletes the log; durable when this resolves, the files go later. A missing one is fine. */
  delete(topicId: TopicId, partition: PartitionIndex): Promise<void>
  /**
   * Everything durable so far is in synced segment files, and the ring is free, when it resolves.
   */
  checkpoint(): Promise<void>
  metrics(): LogDirectoryMetrics
  /** Checkpoints everything and lets go of the directory; appends are refused from the call on. */
  close(): Promise<void>
}

/** Another process holds the data directory. */
export class DirectoryInUseError extends Error {
  override readonly name = 'DirectoryInUseError'
}
