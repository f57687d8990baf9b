import { assert, BusError, type Offset } from '@courant/kernel'
import { recordBatches } from '@courant/record-batch'
import {
  type FoundTimestamp,
  NOTHING_READ,
  type ReadRequest,
  type ReadResult,
} from '../partition-log.ts'
import type { FileContext, PartitionFiles } from '../segment/partition-files.ts'
import {
  batchOf,
  findTimestampInSegment,
  firstRecordSince,
  readSegment,
} from '../segment/segment-reader.ts'
import type { LogState } from './log-state.ts'
import type { Tail } from './tail.ts'

/** A log as its readers see it. */
export interface ReadableLog {
  readonly context: FileContext
  readonly state: LogState
  readonly files: PartitionFiles
}

/** Reads what memory does not hold, from the one segment that holds the offset. */
export function readFromFiles(log: ReadableLog, request: ReadRequest): Promise<ReadResult> {
  const { context, state, files } = log
  return undisturbed(state, async () => {
    state.requireInRange(request.offset)
    const end = Math.min(request.end, state.appendedEnd) as Offset
    if (request.offset >= end) return { ...NOTHING_READ, nextOffset: request.offset }
    const limits = { ...request, end }
    const inMemory = state.tail?.read(limits)
    if (inMemory) return inMemory
    const [segment] = files.segmentsFrom(request.offset, state.epochs)
    assert(segment !== undefined, 'every offset is in memory or in a file')
    return await readSegment(context, segment, limits)
  })
}

/**
 * Reads batches from their file, also those that memory has; null at the end of the files, or where
 * they are damaged. To be called while the files do not change: between a truncation and the cut of
 * its files they hold what the log never had.
 */
export async function scrubFiles(
  { context, state, files }: ReadableLog,
  offset: Offset,
  maxBytes: number,
): Promise<Pick<ReadResult, 'nextOffset' | 'size'> | null> {
  const from = Math.max(offset, state.logStartOffset) as Offset
  const end = Math.min(files.fileEnd, state.appendedEnd) as Offset
  if (state.isCorrupt || state.status !== 'open' || from >= end) return null
  const [segment] = files.segmentsFrom(from, state.epochs)
  if (segment === undefined) return null
  try {
    const limits = { offset: from, maxBytes, end, first: 'whole' } as const
    const { nextOffset, size, release } = await readSegment(context, segment, limits)
    release()
    return nextOffset > from ? { nextOffset, size } : null
  } catch (error) {
    // Trimmed meanwhile, it may have lost its file.
    if (state.logStartOffset <= from) readError(state, error)
    return null
  }
}

/** The first record of the log that is not older than `timestamp`. */
export function findTimestamp(log: ReadableLog, timestamp: number): Promise<FoundTimestamp | null> {
  return undisturbed(log.state, async () => {
    let from = log.state.logStartOffset
    for (;;) {
      const { fileEnd } = log.files
      if (from < fileEnd) {
        const found = await findInSegments(log, timestamp, from)
        if (found !== null) return found
        from = fileEnd
      }
      // A checkpoint may have moved batches from memory to a file since.
      if (fileEnd === log.files.fileEnd) return findInMemory(log.state.tail, timestamp, from)
    }
  })
}

/** The base offset of the batch that holds `offset`. */
export async function findBoundary(log: ReadableLog, offset: Offset): Promise<Offset> {
  const { context, state, files } = log
  return await undisturbed(state, async () => {
    const inMemory = state.tail?.boundaryOf(offset)
    if (inMemory !== undefined && inMemory !== null) return inMemory
    const [segment] = files.segmentsFrom(offset, state.epochs)
    assert(segment !== undefined, 'every offset is in memory or in a file')
    return (await batchOf(context, segment, offset)).offset
  })
}

/** Files may be cut or removed while somebody reads them: then what it found says nothing. */
async function undisturbed<Result>(
  state: LogState,
  action: () => Promise<Result>,
): Promise<Result> {
  for (;;) {
    state.requireExisting()
    const { truncations, logStartOffset } = state
    const isUndisturbed = () =>
      truncations === state.truncations &&
      logStartOffset === state.logStartOffset &&
      state.status === 'open'
    try {
      const result = await action()
      if (isUndisturbed()) return result
    } catch (error) {
      if (isUndisturbed()) throw readError(state, error)
    }
  }
}

function readError(state: LogState, error: unknown): BusError {
  if (!(error instanceof BusError)) {
    return new BusError('STORAGE_OFFLINE', 'The disk of the broker cannot be read.', {
      cause: error,
    })
  }
  if (error.code === 'STORAGE_CORRUPT') state.isCorrupt = true
  return error
}

async function findInSegments(
  { context, state, files }: ReadableLog,
  timestamp: number,
  from: Offset,
): Promise<FoundTimestamp | null> {
  for (const segment of files.segmentsFrom(from, state.epochs)) {
    if (segment.maxTimestamp < timestamp) continue
    const found = await findTimestampInSegment(context, segment, timestamp, from)
    if (found !== null) return found
  }
  return null
}

function findInMemory(tail: Tail | null, timestamp: number, from: Offset): FoundTimestamp | null {
  if (tail === null) return null
  for (const run of tail.runsFrom(from)) {
    if (run.maxTimestamp < timestamp) continue
    for (const batch of recordBatches(run.memory, run.start, run.end)) {
      const found = firstRecordSince(batch, timestamp, from)
      if (found !== null) return found
    }
  }
  return null
}
