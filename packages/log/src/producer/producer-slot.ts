/**
 * What a log remembers of one idempotent producer, in 96 bytes, in memory as in a checkpoint:
 * little endian, and packed, because there is one for each producer and partition.
 *
 * ```
 * producer id             u64    0..8
 * newest base offset      u64    8..16
 * last append in ms       u64    16..24  by this broker's clock
 * batches, newest first          24..96  six of
 *   distance              u32    from the base offset to the next newer one; 0 for the newest
 *   last sequence         u32
 *   epoch and records     u32    epoch * 2^17 + records; 0 where there is no batch
 * ```
 *
 * Five batches answer duplicates, as many as a client may have in flight (KIP-98, KAFKA-5494). The
 * sixth is for truncations: one that takes all that was in flight leaves the batch before, without
 * which a retry of the second of them would be taken for the next.
 */
import { limits, type Offset } from '@courant/kernel'
import type { RecordBatch } from '@courant/record-batch'

/** A slot is 24 words of 32 bits: numbers of 64 bits have their lower half first. */
export const SLOT_WORDS = 24
/** The newest batches of a producer by which a duplicate is answered. */
const ANSWERED_BATCHES = 5
const BATCHES = ANSWERED_BATCHES + 1

const NEWEST_OFFSET = 2
const LAST_APPEND = 4
const FIRST_BATCH = 6
const BATCH_WORDS = 3
const LAST_SEQUENCE = 1
const EPOCH_AND_RECORDS = 2
const RECORDS = 2 ** 17
const DISTANCE_MAX = 2 ** 32 - 1
/** Sequences wrap to 0 behind 2^31 - 1. */
export const SEQUENCES = 2 ** 31

interface ProducerBatch {
  readonly baseOffset: Offset
  readonly epoch: number
  readonly lastSequence: number
  readonly recordCount: number
}

export function producerIdIn(slots: Uint32Array, slot: number): number {
  return readLong(slots, slot)
}

export function newestOffsetIn(slots: Uint32Array, slot: number): Offset {
  return readLong(slots, slot + NEWEST_OFFSET) as Offset
}

/** Nothing of the producer is known any more: it has not appended for a day. */
export function isIdle(slots: Uint32Array, slot: number, nowMs: number): boolean {
  return nowMs - readLong(slots, slot + LAST_APPEND) >= limits.producerIdleMsMax
}

export function newestEpochIn(slots: Uint32Array, slot: number): number {
  return Math.floor((slots[slot + FIRST_BATCH + EPOCH_AND_RECORDS] ?? 0) / RECORDS)
}

export function lastSequenceIn(slots: Uint32Array, slot: number): number {
  return slots[slot + FIRST_BATCH + LAST_SEQUENCE] ?? 0
}

/** The base offset of this very batch when it is among the last five of its producer, or null. */
export function originalOf(batch: RecordBatch, slots: Uint32Array, slot: number): Offset | null {
  for (const known of batchesIn(slots, slot).slice(0, ANSWERED_BATCHES)) {
    if (
      known.epoch === batch.producerEpoch &&
      known.lastSequence === batch.lastSequence &&
      known.recordCount === batch.lastOffsetDelta + 1
    ) {
      return known.baseOffset
    }
  }
  return null
}

/** Begins a slot. */
export function clearSlot(slots: Uint32Array, slot: number, producerId: number): void {
  slots.fill(0, slot, slot + SLOT_WORDS)
  writeLong(slots, producerId, slot)
}

/** Notes a batch that has just been appended, with its offset stamped. */
export function pushBatch(
  batch: RecordBatch,
  slots: Uint32Array,
  slot: number,
  nowMs: number,
): void {
  const first = slot + FIRST_BATCH
  const { baseOffset } = batch
  const distance = baseOffset - newestOffsetIn(slots, slot)
  if (distance > DISTANCE_MAX) slots.fill(0, first, slot + SLOT_WORDS)
  else if (slots[first + EPOCH_AND_RECORDS] !== 0) {
    slots[first] = distance
    // A loop, because a call of copyWithin takes longer than these few words.
    for (let at = slot + SLOT_WORDS - 1; at >= first + BATCH_WORDS; at -= 1) {
      slots[at] = slots[at - BATCH_WORDS] ?? 0
    }
  }
  const records = Math.min(batch.lastOffsetDelta + 1, RECORDS - 1)
  slots[first] = 0
  slots[first + LAST_SEQUENCE] = batch.lastSequence
  slots[first + EPOCH_AND_RECORDS] = batch.producerEpoch * RECORDS + records
  writeLong(slots, baseOffset, slot + NEWEST_OFFSET)
  writeLong(slots, nowMs, slot + LAST_APPEND)
}

/** Forgets the batches from `end` on. Whether any is left. */
export function truncateSlot(slots: Uint32Array, slot: number, end: Offset): boolean {
  const known = batchesIn(slots, slot)
  const kept = known.findIndex(({ baseOffset }) => baseOffset < end)
  if (kept <= 0) return kept === 0
  const first = slot + FIRST_BATCH
  const slotEnd = slot + SLOT_WORDS
  slots.copyWithin(first, first + kept * BATCH_WORDS, slotEnd)
  slots.fill(0, slotEnd - kept * BATCH_WORDS, slotEnd)
  slots[first] = 0
  writeLong(slots, known[kept]?.baseOffset ?? 0, slot + NEWEST_OFFSET)
  return true
}

/** The batches of a producer, newest first. */
function batchesIn(slots: Uint32Array, slot: number): ProducerBatch[] {
  const batches: ProducerBatch[] = []
  let offset: number = newestOffsetIn(slots, slot)
  for (let index = 0; index < BATCHES; index += 1) {
    const at = slot + FIRST_BATCH + index * BATCH_WORDS
    const epochAndRecords = slots[at + EPOCH_AND_RECORDS] ?? 0
    if (epochAndRecords === 0) break
    offset -= slots[at] ?? 0
    batches.push({
      baseOffset: offset as Offset,
      epoch: Math.floor(epochAndRecords / RECORDS),
      lastSequence: slots[at + LAST_SEQUENCE] ?? 0,
      recordCount: epochAndRecords % RECORDS,
    })
  }
  return batches
}

const TWO_TO_32 = 0x1_0000_0000

function readLong(slots: Uint32Array, at: number): number {
  return (slots[at] ?? 0) + (slots[at + 1] ?? 0) * TWO_TO_32
}

/** A shift, because the remainder of a number of 64 bits is a call into C. */
function writeLong(slots: Uint32Array, value: number, at: number): void {
  slots[at] = value >>> 0
  slots[at + 1] = Math.floor(value / TWO_TO_32)
}
