import { BusError, type Offset, limits as sizes } from '@courant/kernel'
import { BATCH_HEADER_BYTES, RecordBatch, RecordCursor } from '@courant/record-batch'
import { MARGIN_BYTES, releaseOnce, type Slab } from '../memory/memory-pool.ts'
import { cutBatches, headerProblem, type ReadLimits } from '../partition/batch-run.ts'
import type { FoundTimestamp, ReadResult } from '../partition-log.ts'
import { type StorageFile, StorageMissingError } from '../storage.ts'
import type { IndexedSegment } from './index-cache.ts'
import type { FileContext } from './partition-files.ts'
import type { IndexEntry, SegmentIndex } from './segment-index.ts'
import {
  corruptSegment,
  readWindow,
  requireIndexed,
  scanSegment,
  soundBatch,
} from './segment-scan.ts'

/** Beyond what is asked for, because an index leads up to its interval before the batch wanted. */
const LEAD_BYTES = MARGIN_BYTES

/** Reads batches of one segment from its file. */
export async function readSegment(
  context: FileContext,
  segment: IndexedSegment,
  limits: ReadLimits,
): Promise<ReadResult> {
  return await guided(context, segment, async (file, index) => {
    const bytes = limits.maxBytes + LEAD_BYTES
    const start = index.lookup(limits.offset)
    let { position, offset } = start
    while (position < segment.size) {
      const slab = context.memory.take(Math.min(bytes, segment.size - position))
      const window = await readWindow(file, segment, position, slab.memory.subarray(0, bytes))
      let at = 0
      while (at + BATCH_HEADER_BYTES <= window.length) {
        const batch = soundBatch(window, at, segment, offset)
        if (position + at === start.position) requireIndexed(batch, segment, start)
        if (batch.nextOffset > limits.offset) {
          return await cut(context, file, segment, { slab, window, position }, at, limits)
        }
        at += batch.size
        offset = batch.nextOffset
      }
      slab.release()
      position += at
    }
    throw corruptSegment(segment, `it ends before offset ${limits.offset}`)
  })
}

/** Where a batch lies, and its size. */
type Candidate = Omit<FoundBatch, 'indexEntries'>

export interface FoundBatch {
  readonly offset: Offset
  readonly position: number
  readonly size: number
  /** Entries of the segment's index that lie up to this batch. */
  readonly indexEntries: number
}

/** Where the batch that holds `offset` begins. */
export async function batchOf(
  context: FileContext,
  segment: IndexedSegment,
  offset: Offset,
): Promise<FoundBatch> {
  return await guided(context, segment, async (file, index) => {
    let found: Candidate | null = null
    await scanSegment(file, segment, index.lookup(offset), (batch, position) => {
      if (batch.nextOffset <= offset) return 'go-on'
      found = { offset: batch.baseOffset, position, size: batch.size }
      return 'stop'
    })
    const entry = found as Candidate | null
    if (entry === null) throw corruptSegment(segment, `it ends before offset ${offset}`)
    return { ...entry, indexEntries: index.countBelow(entry.position + 1) }
  })
}

/** The first record in this segment at `from` or behind it that is not older than `timestamp`. */
export async function findTimestampInSegment(
  context: FileContext,
  segment: IndexedSegment,
  timestamp: number,
  from: Offset,
): Promise<FoundTimestamp | null> {
  return await guided(context, segment, async (file, index) => {
    let start: IndexEntry | null = index.lookupTimestamp(timestamp)
    while (start !== null && start.position < segment.size) {
      const candidate = await nextCandidate(file, segment, start, timestamp, from)
      if (candidate === null) return null
      const memory = Buffer.allocUnsafeSlow(candidate.size)
      const window = await readWindow(file, segment, candidate.position, memory)
      const batch = soundBatch(window, 0, segment, candidate.offset)
      if (!isSound(batch)) throw corruptSegment(segment, WRONG_CHECKSUM)
      const found = firstRecordSince(batch, timestamp, from)
      if (found !== null) return found
      const position = candidate.position + candidate.size
      start = { position, offset: batch.nextOffset, headerCrc: null }
    }
    return null
  })
}

/**
 * The first record of a batch at `from` or behind it that is not older than `timestamp`. A batch
 * with a sound checksum whose records cannot be read is taken at its header's word, from its first
 * offset: a search leads to it and not past it. To fail instead would let one such batch make all
 * searches up to its time fail for as long as it is kept.
 */
export function firstRecordSince(
  batch: RecordBatch,
  timestamp: number,
  from: Offset,
): FoundTimestamp | null {
  if (batch.maxTimestamp < timestamp || batch.nextOffset <= from) return null
  const leaderEpoch = batch.partitionLeaderEpoch
  const unread = {
    offset: Math.max(batch.baseOffset, from) as Offset,
    timestamp: batch.maxTimestamp,
    leaderEpoch,
  }
  try {
    const cursor = new RecordCursor(batch)
    while (cursor.next()) {
      const { offset } = cursor
      if (cursor.timestamp < timestamp || offset < from) continue
      if (offset >= batch.nextOffset) return unread
      return { offset: offset as Offset, timestamp: cursor.timestamp, leaderEpoch }
    }
    return null
  } catch (error) {
    if (error instanceof BusError && error.code === 'CORRUPT_MESSAGE') return unread
    throw error
  }
}

/**
 * An index is derived and never synced, so what it says may be wrong: when it led to something that
 * is not the batch it named, it is made anew once, before the segment is called damaged.
 */
async function guided<Result>(
  context: FileContext,
  segment: IndexedSegment,
  action: (file: StorageFile, index: SegmentIndex) => Promise<Result>,
): Promise<Result> {
  const { files, indexes } = context
  try {
    const index = await indexes.get(segment)
    try {
      return await files.use(segment.path, 'write', (file) => action(file, index))
    } catch (error) {
      if (!(error instanceof BusError) || error.code !== 'STORAGE_CORRUPT') throw error
      const rebuilt = await indexes.rebuild(segment)
      return await files.use(segment.path, 'write', (file) => action(file, rebuilt))
    }
  } catch (error) {
    if (error instanceof StorageMissingError) throw corruptSegment(segment, 'the file is missing')
    throw error
  }
}

/** Bytes of a segment from `position` on, in memory of the pool. */
interface Window {
  readonly slab: Slab
  readonly window: Buffer
  readonly position: number
}

/** What the read may have of the window from `at` on, which is where its first batch begins. */
async function cut(
  context: FileContext,
  file: StorageFile,
  segment: IndexedSegment,
  { slab, window, position }: Window,
  at: number,
  limits: ReadLimits,
): Promise<ReadResult> {
  const { size } = new RecordBatch(window, at)
  if (position + at + size > segment.size) {
    throw corruptSegment(segment, 'its last batch is cut off')
  }
  if (at + size > window.length && (size <= limits.maxBytes || limits.first === 'whole')) {
    slab.release()
    const larger = context.memory.take(size)
    const whole = larger.memory.subarray(0, size)
    await readWindow(file, segment, position + at, whole)
    return cutWindow(segment, larger, whole, 0, limits)
  }
  return cutWindow(segment, slab, window, at, limits)
}

function cutWindow(
  segment: IndexedSegment,
  slab: Slab,
  window: Buffer,
  at: number,
  limits: ReadLimits,
): ReadResult {
  const end = soundEnd(window, at, segment)
  if (end === at) throw corruptSegment(segment, WRONG_CHECKSUM)
  const found = cutBatches(window, at, end, limits, 0)
  const bytes = found.end - found.start
  const chunks = bytes === 0 ? [] : [window.subarray(found.start, found.end)]
  return { chunks, size: bytes, nextOffset: found.nextOffset, release: releaseOnce([slab]) }
}

const WRONG_CHECKSUM = 'the checksum of a batch is wrong'

/** Of a batch whose bytes are all there. */
function isSound(batch: RecordBatch): boolean {
  return batch.crc === batch.computeCrc()
}

/**
 * How far the batches from a sound header on are those of the log: a read ends before damage. The
 * checksum is looked at in every read of a file, because whoever reads by HTTP never sees it, and
 * what memory holds has been checked when it was appended.
 */
function soundEnd(memory: Buffer, start: number, segment: IndexedSegment): number {
  let at = start
  let offset = new RecordBatch(memory, start).baseOffset
  while (at + BATCH_HEADER_BYTES <= memory.length && offset < segment.endOffset) {
    const batch = new RecordBatch(memory, at)
    const epoch = segment.epochs.epochAt(offset)
    const problem = headerProblem(batch, offset, epoch, sizes.batchBytesMax)
    if (problem !== null || batch.nextOffset > segment.endOffset) break
    if (at + batch.size <= memory.length && !isSound(batch)) break
    at += batch.size
    offset = batch.nextOffset
  }
  return Math.min(at, memory.length)
}

async function nextCandidate(
  file: StorageFile,
  segment: IndexedSegment,
  start: IndexEntry,
  timestamp: number,
  from: Offset,
): Promise<Candidate | null> {
  let candidate: Candidate | null = null
  await scanSegment(file, segment, start, (batch, position) => {
    if (batch.maxTimestamp < timestamp || batch.nextOffset <= from) return 'go-on'
    candidate = { offset: batch.baseOffset, position, size: batch.size }
    return 'stop'
  })
  return candidate
}
