import type { LeaderEpoch, Offset } from '@courant/kernel'
import { BATCH_HEADER_BYTES, RecordBatch } from '@courant/record-batch'
import type { Slab } from '../memory/memory-pool.ts'

/** Adjacent whole batches in memory, with consecutive offsets. */
export interface BatchRun {
  readonly memory: Buffer
  /** What `memory` is used again by; null when it is left to the garbage collector. */
  readonly slab: Slab | null
  readonly start: number
  end: number
  readonly baseOffset: Offset
  nextOffset: Offset
  maxTimestamp: number
  /** The ring cycle that holds them. */
  readonly cycle: number
}

export interface ReadLimits {
  readonly offset: Offset
  readonly maxBytes: number
  readonly end: Offset
  readonly first: 'whole' | 'within-limit'
}

/** Bytes of whole batches, and the offset behind them. */
export interface Cut {
  readonly start: number
  readonly end: number
  readonly nextOffset: Offset
}

/**
 * The batches of `memory[start, end)` that a read may have: from the one that holds its offset, up
 * to its limits. `taken` counts the bytes that the same read has from elsewhere.
 */
export function cutBatches(
  memory: Buffer,
  start: number,
  end: number,
  limits: ReadLimits,
  taken: number,
): Cut {
  let from = -1
  let to = start
  let nextOffset = limits.offset
  while (end - to >= BATCH_HEADER_BYTES) {
    const batch = new RecordBatch(memory, to)
    const { size, nextOffset: next } = batch
    // A damaged header ends what can be given; a read that begins there tells what is wrong.
    if (size < BATCH_HEADER_BYTES || to + size > end) break
    if (from !== -1 && batch.baseOffset !== nextOffset) break
    if (next > limits.offset) {
      if (next > limits.end) break
      const total = taken + size + (from === -1 ? 0 : to - from)
      const isFirst = total === size
      if (total > limits.maxBytes && !(isFirst && limits.first === 'whole')) break
      if (from === -1) from = to
      nextOffset = next
    }
    to += size
  }
  return from === -1 ? { start, end: start, nextOffset } : { start: from, end: to, nextOffset }
}

/**
 * Why a header cannot be that of the batch which the log has at `offset`, or null. These are the
 * bytes outside the batch's own checksum.
 */
export function headerProblem(
  batch: RecordBatch,
  offset: Offset,
  epoch: LeaderEpoch,
  bytesMax: number,
): string | null {
  if (batch.baseOffset !== offset) return `base offset ${batch.baseOffset} in place of ${offset}`
  if (batch.magic !== 2) return `magic ${batch.magic}`
  if (batch.size < BATCH_HEADER_BYTES || batch.size > bytesMax) return `length ${batch.size}`
  if (batch.lastOffsetDelta < 0) return `last offset delta ${batch.lastOffsetDelta}`
  if (batch.partitionLeaderEpoch !== epoch) {
    return `leader epoch ${batch.partitionLeaderEpoch} in place of ${epoch}`
  }
  return null
}
