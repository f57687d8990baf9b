import { BusError, limits, type Offset } from '@courant/kernel'
import { BATCH_HEADER_BYTES, RecordBatch } from '@courant/record-batch'
import { readFully } from '../disk/file-io.ts'
import { headerProblem } from '../partition/batch-run.ts'
import type { LeaderEpochCache } from '../partition/leader-epoch-cache.ts'
import type { StorageFile } from '../storage.ts'
import { headerCrc, type IndexEntry } from './segment-index.ts'

const WINDOW_BYTES = 256 * 1024

/** A segment as a reader sees it: its file up to `size`, and the epochs that its batches carry. */
export interface ScannedSegment {
  readonly path: string
  readonly size: number
  /** Nothing from this offset on is part of the log here, whatever the file holds. */
  readonly endOffset: Offset
  readonly epochs: LeaderEpochCache
}

/**
 * Visits the headers of a segment's batches from `start` until a visitor returns `stop` or the
 * segment ends. Only the header of a visited batch is in memory, and only for the visit. Throws
 * STORAGE_CORRUPT at a header that cannot be the next one.
 */
export async function scanSegment(
  file: StorageFile,
  segment: ScannedSegment,
  start: IndexEntry,
  visit: (batch: RecordBatch, position: number) => 'go-on' | 'stop',
): Promise<void> {
  let { position, offset } = start
  const left = Math.max(0, segment.size - position)
  const memory = Buffer.allocUnsafeSlow(Math.min(WINDOW_BYTES, left))
  let window: Buffer = memory.subarray(0, 0)
  let windowStart = position
  while (position < segment.size && offset < segment.endOffset) {
    if (position + BATCH_HEADER_BYTES > windowStart + window.length) {
      window = await readWindow(file, segment, position, memory)
      windowStart = position
    }
    const batch = soundBatch(window, position - windowStart, segment, offset)
    if (position === start.position) requireIndexed(batch, segment, start)
    if (visit(batch, position) === 'stop') return
    position += batch.size
    offset = batch.nextOffset
  }
}

/** Fills `into` from `position` as far as the segment goes, at least with a header. */
export async function readWindow(
  file: StorageFile,
  segment: ScannedSegment,
  position: number,
  into: Buffer,
): Promise<Buffer> {
  const window = into.subarray(0, segment.size - position)
  const filled = await readFully(file, window, position)
  if (filled < window.length) throw corruptSegment(segment, `the file ends at ${position + filled}`)
  if (filled < BATCH_HEADER_BYTES) throw corruptSegment(segment, 'it ends within a header')
  return window
}

/** The batch at `at`, whose header must be that of the batch at `offset`. */
export function soundBatch(
  window: Buffer,
  at: number,
  segment: ScannedSegment,
  offset: Offset,
): RecordBatch {
  const batch = new RecordBatch(window, at)
  const epoch = segment.epochs.epochAt(offset)
  const problem = headerProblem(batch, offset, epoch, limits.batchBytesMax)
  if (problem !== null) throw corruptSegment(segment, problem)
  if (batch.nextOffset > segment.endOffset) {
    throw corruptSegment(segment, `a batch reaches beyond offset ${segment.endOffset}`)
  }
  return batch
}

/** The batch that an index led to must be the one that the index was made of. */
export function requireIndexed(
  batch: RecordBatch,
  segment: ScannedSegment,
  entry: IndexEntry,
): void {
  if (entry.headerCrc === null || entry.headerCrc === headerCrc(batch)) return
  throw corruptSegment(segment, 'the index is of another batch')
}

/** Damage below the recovery point: what was synced has changed, so nothing may be cut away. */
export function corruptSegment(segment: ScannedSegment, problem: string): BusError {
  return new BusError('STORAGE_CORRUPT', 'These records are damaged on the disk of the broker.', {
    internal: { path: segment.path, problem },
  })
}
