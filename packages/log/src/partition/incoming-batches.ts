/** What an append checks of the batches that it is given, and what it writes into its copy. */
import { assert, BusError, type LeaderEpoch, type Offset } from '@courant/kernel'
import {
  BATCH_HEADER_BYTES,
  batchSizeAt,
  hasProducerAt,
  maxTimestampAt,
  RecordBatch,
  recordBatches,
  stampBatchAt,
} from '@courant/record-batch'
import type { BatchRun } from './batch-run.ts'

/**
 * The batches fill the buffer: else it is the caller that has not looked. Returns whether an
 * idempotent producer made any of them.
 */
export function requireWholeBatches(batches: Buffer): boolean {
  let at = 0
  let hasProducer = false
  while (at < batches.length) {
    hasProducer ||= hasProducerAt(batches, at)
    at += batchSizeAt(batches, at) ?? BATCH_HEADER_BYTES
  }
  assert(at === batches.length && at > 0, 'an append of whole batches')
  return hasProducer
}

/** What another replica sent goes on where this log ends, in offsets and in epochs. */
export function requireContinuation(batches: Buffer, end: Offset, latestEpoch: LeaderEpoch): void {
  let [nextOffset, epoch] = [end, latestEpoch]
  for (const batch of recordBatches(batches)) {
    const { baseOffset, partitionLeaderEpoch } = batch
    if (baseOffset !== nextOffset || partitionLeaderEpoch < epoch) {
      throw new BusError(
        'CORRUPT_MESSAGE',
        `A batch at offset ${baseOffset} of epoch ${partitionLeaderEpoch} does not follow on ` +
          `offset ${nextOffset} of epoch ${epoch}.`,
      )
    }
    nextOffset = batch.nextOffset
    epoch = partitionLeaderEpoch
  }
}

/** Gives the batches of a run their offsets and epoch, and the run its end. */
export function stamp(
  run: BatchRun,
  leaderEpoch: LeaderEpoch,
  logAppendTimeMs: number | undefined,
): void {
  const { memory, end } = run
  for (let at = run.start; at < end; at += batchSizeAt(memory, at) ?? BATCH_HEADER_BYTES) {
    if (logAppendTimeMs !== undefined) {
      new RecordBatch(memory, at).stampLogAppendTime(logAppendTimeMs)
    }
    run.nextOffset = stampBatchAt(memory, at, run.nextOffset, leaderEpoch)
    run.maxTimestamp = Math.max(run.maxTimestamp, maxTimestampAt(memory, at))
  }
}
