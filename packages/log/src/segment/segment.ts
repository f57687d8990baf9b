import type { Offset, PartitionIndex, TopicId } from '@courant/kernel'

/** A segment that is complete and synced: its bytes never change again. */
export interface SealedSegment {
  readonly baseOffset: Offset
  readonly size: number
  readonly indexEntries: number
  /** The latest timestamp in it, -1 without one. */
  readonly maxTimestamp: number
  /** Wall clock when its last batch was written: a bound on its age that no producer can forge. */
  readonly lastAppendMs: number
}

/** The segment that is being written. There is one at most, behind the sealed ones. */
export interface ActiveSegment {
  readonly baseOffset: Offset
  /** Bytes written. What lies behind them in the file is not ours. */
  size: number
  /** Entries in its index file, and the position that the last of them names. */
  indexEntries: number
  indexedTo: number
  maxTimestamp: number
  readonly firstAppendMs: number
  lastAppendMs: number
}

export function newActiveSegment(baseOffset: Offset, now: number): ActiveSegment {
  return {
    baseOffset,
    size: 0,
    indexEntries: 0,
    indexedTo: 0,
    maxTimestamp: -1,
    firstAppendMs: now,
    lastAppendMs: now,
  }
}

export function seal(active: ActiveSegment): SealedSegment {
  const { baseOffset, size, indexEntries, maxTimestamp, lastAppendMs } = active
  return { baseOffset, size, indexEntries, maxTimestamp, lastAppendMs }
}

export const PARTITIONS_DIRECTORY = 'partitions'

/**
 * Names of one partition's directory and files: from UUIDs and numbers only, never from a tenant.
 */
export function partitionDirectory(
  topicId: TopicId,
  partition: PartitionIndex,
  incarnation: number,
): string {
  return `${PARTITIONS_DIRECTORY}/${topicId}-${partition}-${incarnation}`
}

export function segmentPath(directory: string, baseOffset: Offset): string {
  return `${directory}/${String(baseOffset).padStart(20, '0')}.log`
}

const SEGMENT_FILE = /^(\d{20})\.(?:log|index)$/

/** The base offset that a file is named after, or null for a name that is none of ours. */
export function baseOffsetOf(name: string): Offset | null {
  const digits = SEGMENT_FILE.exec(name)?.[1]
  return digits === undefined ? null : (Number(digits) as Offset)
}

export function indexPath(directory: string, baseOffset: Offset): string {
  return `${directory}/${String(baseOffset).padStart(20, '0')}.index`
}
