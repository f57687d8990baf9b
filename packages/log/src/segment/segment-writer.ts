import { RecordBatch } from '@courant/record-batch'
import type { FileCache } from '../disk/file-cache.ts'
import { writeFully } from '../disk/file-io.ts'
import type { BatchRun } from '../partition/batch-run.ts'
import type { LogConfig } from '../partition-log.ts'
import { type ActiveSegment, indexPath, newActiveSegment, segmentPath } from './segment.ts'
import { INDEX_ENTRY_BYTES, nextIndexEntry } from './segment-index.ts'

/** Relative offsets in an index have 32 bits. */
const OFFSETS_MAX = 2 ** 31

/** What is to be written to one segment. `segment` says how it is afterwards. */
export interface SegmentWrite {
  readonly segment: ActiveSegment
  readonly position: number
  readonly chunks: Buffer[]
  readonly indexPosition: number
  readonly indexChunks: Buffer[]
}

/**
 * Plans where batches go: behind those of the active segment, rolling to a new one by size and age.
 * Pure, because readers may see a segment grow only after its bytes are there.
 */
export function planSegmentWrites(
  active: ActiveSegment | null,
  runs: readonly BatchRun[],
  config: Pick<LogConfig, 'segmentBytes' | 'segmentMs'>,
  now: number,
): SegmentWrite[] {
  const writes: SegmentWrite[] = []
  let write = active === null ? null : beginWrite({ ...active })
  for (const run of runs) {
    let chunkStart = run.start
    for (let position = run.start; position < run.end; ) {
      const batch = new RecordBatch(run.memory, position)
      const { size } = batch
      if (write === null || mustRoll(write.segment, batch, size, config, now)) {
        if (write !== null) finishChunk(write, run.memory, chunkStart, position)
        chunkStart = position
        if (write !== null) writes.push(write)
        write = beginWrite(newActiveSegment(batch.baseOffset, now))
      }
      place(write, batch, size, now)
      position += size
    }
    if (write !== null) finishChunk(write, run.memory, chunkStart, run.end)
  }
  if (write !== null && runs.length > 0) writes.push(write)
  return writes
}

/** Writes and syncs; the index is not synced, because it can be made anew. */
export async function writeSegment(
  files: FileCache,
  directory: string,
  write: SegmentWrite,
): Promise<void> {
  const { segment, position, chunks, indexPosition, indexChunks } = write
  await files.use(segmentPath(directory, segment.baseOffset), 'create', async (file) => {
    await writeFully(file, chunks, position)
    await file.sync()
  })
  if (indexChunks.length === 0) return
  await files.use(indexPath(directory, segment.baseOffset), 'create', (file) =>
    writeFully(file, [Buffer.concat(indexChunks)], indexPosition),
  )
}

function beginWrite(segment: ActiveSegment): SegmentWrite {
  return {
    segment,
    position: segment.size,
    chunks: [],
    indexPosition: segment.indexEntries * INDEX_ENTRY_BYTES,
    indexChunks: [],
  }
}

function mustRoll(
  segment: ActiveSegment,
  batch: RecordBatch,
  size: number,
  config: Pick<LogConfig, 'segmentBytes' | 'segmentMs'>,
  now: number,
): boolean {
  if (segment.size === 0) return false
  return (
    segment.size + size > config.segmentBytes ||
    now - segment.firstAppendMs >= config.segmentMs ||
    batch.lastOffset - segment.baseOffset >= OFFSETS_MAX
  )
}

function place(write: SegmentWrite, batch: RecordBatch, size: number, now: number): void {
  const { segment, indexChunks } = write
  const entry = nextIndexEntry(segment, batch, segment.size)
  if (entry !== null) indexChunks.push(entry)
  segment.size += size
  segment.maxTimestamp = Math.max(segment.maxTimestamp, batch.maxTimestamp)
  segment.lastAppendMs = now
}

function finishChunk(write: SegmentWrite, memory: Buffer, start: number, end: number): void {
  if (end > start) write.chunks.push(memory.subarray(start, end))
}
