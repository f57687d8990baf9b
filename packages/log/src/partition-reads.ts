import type { Offset } from '@courant/kernel'
import { recordBatches } from '@courant/record-batch'
import type { IndexedSegment } from './index-cache.ts'
import type { LeaderEpochCache } from './leader-epoch-cache.ts'
import type { FileContext, PartitionFiles } from './partition-files.ts'
import type { FoundTimestamp, ReadRequest, ReadResult } from './partition-log.ts'
import { findTimestampInSegment, firstRecordSince, readSegment } from './segment-reader.ts'
import type { Tail } from './tail.ts'

/** Reads from the segment that holds the offset, which must be in a file. */
export async function readFiles(
  context: FileContext,
  files: PartitionFiles,
  epochs: LeaderEpochCache,
  request: ReadRequest,
): Promise<ReadResult> {
  const [segment] = files.segmentsFrom(request.offset, epochs)
  if (segment === undefined) return { chunks: [], size: 0, nextOffset: request.offset }
  return await readSegment(context, segment, request)
}

/** The first record in segment files that is not older than `timestamp`, from an offset on. */
export async function findTimestampInSegments(
  context: FileContext,
  segments: readonly (IndexedSegment & { readonly maxTimestamp: number })[],
  timestamp: number,
  from: Offset,
): Promise<FoundTimestamp | null> {
  for (const segment of segments) {
    if (segment.maxTimestamp < timestamp) continue
    const found = await findTimestampInSegment(context, segment, timestamp, from)
    if (found !== null) return found
  }
  return null
}

/** The same in memory. */
export function findTimestampInRuns(
  tail: Tail | null,
  timestamp: number,
  from: Offset,
): FoundTimestamp | null {
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
