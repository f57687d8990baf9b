/** Changes of a partition's files that follow the log in memory. One at a time, by the caller. */
import { assert, BusError, type Offset } from '@courant/kernel'
import type { PartitionCheckpoint } from '../checkpoint/checkpoint-record.ts'
import type { LogConfig } from '../partition-log.ts'
import { NO_PRODUCERS } from '../producer/producer-table.ts'
import { batchOf } from '../segment/segment-reader.ts'
import type { ReadableLog } from './partition-reads.ts'
import type { TailCache } from './tail-cache.ts'

/** What may go into a checkpoint of one partition. */
export interface CheckpointBounds {
  /** Durable, and before any truncation or deletion that is on its way. */
  readonly cycleMax: number
  /** Enough of them: the rest waits for the next round. */
  readonly bytesMax: number
}

export interface WrittenBack {
  /** The files hold the log as it was after this cycle, exactly. */
  readonly appliedCycle: number
  readonly bytes: number
}

/** Writes pending batches to the segment files, and syncs them. */
export async function writeBack(
  { state, files, context }: ReadableLog,
  { cycleMax, bytesMax }: CheckpointBounds,
  config: LogConfig,
  tailCache: TailCache,
): Promise<WrittenBack> {
  const { tail } = state
  assert(cycleMax >= state.truncatedCycle, 'a checkpoint is not between two ends of a log')
  const runs = tail?.pendingRuns(state.truncatedCycle, cycleMax, bytesMax) ?? []
  await files.write(runs, config)
  tail?.written(runs.length)
  // Before the cache may let go of the memory that they lie in.
  state.saveProducers(runs, context.clock.now())
  if (tail !== null) for (const run of runs) tailCache.add(tail, run)
  const next = tail?.firstPendingCycle ?? null
  if (tail?.isEmpty) state.tail = null
  return {
    appliedCycle: next === null || next > cycleMax ? cycleMax : next - 1,
    bytes: runs.reduce((sum, run) => sum + run.end - run.start, 0),
  }
}

/**
 * The log as its files have it. Log start, high watermark and epochs may be newer than
 * `appliedCycle`: to replay them again changes nothing.
 */
export function checkpointOf(
  identity: Pick<PartitionCheckpoint, 'incarnation' | 'topicId' | 'partition'>,
  { state, files }: ReadableLog,
  appliedCycle: number,
): PartitionCheckpoint {
  const { fileEnd } = files
  return {
    incarnation: identity.incarnation,
    topicId: identity.topicId,
    partition: identity.partition,
    appliedCycle,
    logStartOffset: Math.min(state.durableLogStart, fileEnd) as Offset,
    highWatermark: Math.min(state.highWatermark, fileEnd) as Offset,
    files: files.state,
    epochs: state.epochs.startsUpTo(fileEnd),
    producers: state.producers?.saved ?? NO_PRODUCERS,
  }
}

/**
 * Cuts the files where the log was truncated. After a crash they may be cut already, below what the
 * checkpoint says of them and even written anew behind that, so only the batch before the cut is
 * looked for.
 */
export async function cutFiles({ context, state, files }: ReadableLog): Promise<void> {
  if (state.fileRestart !== null) {
    const restart = state.fileRestart
    state.fileRestart = null
    await files.clear(restart)
  }
  const end = state.takeFileCut()
  if (end === null || end >= files.fileEnd) return
  const [segment] = end === 0 ? [] : files.segmentsFrom((end - 1) as Offset, state.epochs)
  // Trimmed segments may be gone: nothing that is left of them is part of the log.
  const isTrimmed = end <= state.logStartOffset
  if (isTrimmed || segment === undefined || segment.baseOffset >= end) {
    return await files.clear(end)
  }
  try {
    const size = Math.min(segment.size, await files.bytesOnDisk(segment.baseOffset))
    const last = await batchOf(context, { ...segment, size }, (end - 1) as Offset)
    await files.truncateTo(end, last.position + last.size, last.indexEntries)
  } catch (error) {
    if (!(error instanceof BusError) || error.code !== 'STORAGE_CORRUPT') throw error
    state.isCorrupt = true
    await files.quarantine(end)
  }
}

/** Epochs of trimmed records stay while a segment has some: reads check headers on their way. */
export async function removeTrimmed({ state, files }: ReadableLog): Promise<void> {
  await files.removeBelow(state.durableLogStart)
  state.epochs.trimTo(Math.min(files.startOffset, state.durableLogStart) as Offset)
}
