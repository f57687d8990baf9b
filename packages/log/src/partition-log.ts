import type { LeaderEpoch, Offset, PartitionIndex, TopicConfig, TopicId } from '@courant/kernel'

/** The topic settings that matter to the log; a whole `TopicConfig` will do. */
export type LogConfig = Pick<
  TopicConfig,
  'segmentBytes' | 'segmentMs' | 'retentionMs' | 'retentionBytes'
>

export interface AppendRequest {
  /**
   * One or more whole record batches that the caller has verified; that of an idempotent producer
   * alone. They are copied at once.
   */
  readonly batches: Buffer
  readonly leaderEpoch: LeaderEpoch
  /** For topics with append time: stamps this timestamp and renews the checksums. */
  readonly logAppendTimeMs?: number
  /** The wall clock where the caller has just read it, which costs more than it looks like. */
  readonly nowMs?: number
}

export interface AppendResult {
  /** A duplicate was appended before: nothing is appended, and the rest is of its original. */
  readonly outcome: 'appended' | 'duplicate'
  readonly baseOffset: Offset
  readonly lastOffset: Offset
  /** What the batch is stamped with; -1 for none, and of a duplicate that is only on file. */
  readonly logAppendTimeMs: number
  /**
   * Resolves when the append survives a power cut. Rejects with STORAGE_FAILED when nobody can
   * know. Shared by all appends of one cycle of the ring; a rejection that nobody handles is
   * harmless.
   */
  readonly durable: Promise<void>
}

export interface ReadRequest {
  /** The first record wanted; the batch that holds it is returned whole. */
  readonly offset: Offset
  readonly maxBytes: number
  /** No batch that reaches this offset or beyond: high watermark or `appendedEnd`. */
  readonly end: Offset
  /** Whether the first batch comes even when it is larger than `maxBytes`. */
  readonly first: 'whole' | 'within-limit'
}

export interface ReadResult {
  /**
   * Whole batches, in order; a chunk may hold many. Nothing writes to them before `release`.
   */
  readonly chunks: readonly Buffer[]
  readonly size: number
  /** Where to read on: behind the last batch returned, or `offset` when there is none. */
  readonly nextOffset: Offset
  /**
   * Gives the memory of the chunks to others. For readers that know when nobody looks at the chunks
   * any more, not even a socket; without it the memory is left to the garbage collector.
   */
  release(): void
}

export const NOTHING_READ = { chunks: [], size: 0, release: () => undefined } as const

export interface FoundTimestamp {
  readonly offset: Offset
  readonly timestamp: number
  readonly leaderEpoch: LeaderEpoch
}

/** Who follows a partition. Set only where somebody does: most partitions are idle. */
export interface LogObserver {
  /** `durableEnd` has advanced. Called once a cycle of the ring, before its promises resolve. */
  durableEndAdvanced(): void
}

/**
 * The log of one partition. `appendedEnd ≥ durableEnd ≥ highWatermark ≥ logStartOffset`; each end
 * is the offset behind the last record.
 *
 * Errors of every method: PARTITION_NOT_FOUND after `delete`. Errors of every change:
 * STORAGE_OFFLINE after a disk error of the directory, and BUSY while the log is being truncated.
 */
export interface PartitionLog {
  readonly topicId: TopicId
  readonly partition: PartitionIndex
  /** Numbers the partitions ever created in this directory: a re-created one is another log. */
  readonly incarnation: number
  readonly logStartOffset: Offset
  readonly appendedEnd: Offset
  readonly durableEnd: Offset
  /** Moved by `advanceHighWatermark` only; a hint in every checkpoint, exact only while running. */
  readonly highWatermark: Offset
  /** The newest epoch of the log, -1 while there is none. */
  readonly leaderEpoch: LeaderEpoch
  /** Bytes of all record batches that are stored. */
  readonly sizeBytes: number
  /** A read found damage below the recovery point. It is served around, never truncated away. */
  readonly isCorrupt: boolean
  observer: LogObserver | null

  /** New settings of the topic. Until the first call nothing is rolled by age, nor deleted. */
  configure(config: LogConfig): void

  /**
   * Assigns offsets, stamps the copy, and has it on its way to the disk when it returns. Throws,
   * with nothing applied: BUSY (the ring is full), STORAGE_FULL, FENCED_LEADER_EPOCH.
   *
   * The batch of an idempotent producer goes on where its producer has stopped, by all that was
   * appended before it, durable or not. One of the last five again is a duplicate. Else it throws
   * DUPLICATE_SEQUENCE_NUMBER (older than those), OUT_OF_ORDER_SEQUENCE_NUMBER (others are missing
   * before it, or a new epoch does not begin at 0) or INVALID_PRODUCER_EPOCH (of an older epoch).
   */
  append(request: AppendRequest): AppendResult

  /**
   * Appends batches of another replica as they are, with offsets and epochs of its leader. The
   * caller has verified the checksums; producers are noted, not judged. Throws, with nothing
   * applied: CORRUPT_MESSAGE when they do not go on where this log ends, or go back to an older
   * epoch; BUSY and STORAGE_FULL as `append`.
   */
  replicate(batches: Buffer): AppendResult

  /**
   * Answers at once from memory, else by a promise from the file. OFFSET_OUT_OF_RANGE (with both
   * ends in `extra`), STORAGE_CORRUPT.
   */
  read(request: ReadRequest): ReadResult | Promise<ReadResult>

  /** The first record, below `end`, whose timestamp is `timestamp` or later. */
  offsetForTimestamp(timestamp: number, end: Offset): Promise<FoundTimestamp | null>

  /** The largest epoch that is not above `epoch`, and the offset behind its last record. */
  endOffsetForEpoch(
    epoch: LeaderEpoch,
  ): { readonly epoch: LeaderEpoch; readonly end: Offset } | null

  /** Begins a leader's term at the end of the log; durable when it resolves. */
  startEpoch(epoch: LeaderEpoch): Promise<void>

  /** Never goes back, never beyond `durableEnd` for the caller's sake: clamped to `appendedEnd`. */
  advanceHighWatermark(offset: Offset): void

  /** Deletes the records below `offset`, at most the high watermark; durable when it resolves. */
  advanceLogStart(offset: Offset): Promise<void>

  /**
   * Removes the batch that holds `offset` and all behind it, and forgets epochs that began there;
   * durable when it resolves. Every other change is refused meanwhile (BUSY).
   */
  truncateTo(offset: Offset): Promise<void>

  /**
   * Removes everything; the log goes on, empty and without an epoch, at `offset`: for a replica
   * whose leader has deleted all that it had. As durable and as exclusive as a truncation.
   */
  restartAt(offset: Offset): Promise<void>
}
