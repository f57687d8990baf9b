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
import { readUInt64, writeUInt64 } from '../ring/ring-layout.ts'

export const SLOT_BYTES = 96
/** The newest batches of a producer by which a duplicate is answered. */
const ANSWERED_BATCHES = 5
const BATCHES = ANSWERED_BATCHES + 1

const NEWEST_OFFSET = 8
const LAST_APPEND = 16
const FIRST_BATCH = 24
const BATCH_BYTES = 12
const LAST_SEQUENCE = 4
const EPOCH_AND_RECORDS = 8
const RECORDS = 2 ** 17
const DISTANCE_MAX = 2 ** 32 - 1
/** Sequences wrap to 0 behind 2^31 - 1. */
export const SEQUENCES = 2 ** 31

export interface ProducerBatch {
  readonly baseOffset: Offset
  readonly epoch: number
  readonly lastSequence: number
  readonly recordCount: number
}

export function producerIdIn(slots: Buffer, slot: number): number {
  return readUInt64(slots, slot)
}

export function newestOffsetIn(slots: Buffer, slot: number): Offset {
  return readUInt64(slots, slot + NEWEST_OFFSET) as Offset
}

/** Nothing of the producer is known any more: it has not appended for a day (KIP-360). */
export function isIdle(slots: Buffer, slot: number, nowMs: number): boolean {
  return nowMs - readUInt64(slots, slot + LAST_APPEND) >= limits.producerIdleMsMax
}

export function newestEpochIn(slots: Buffer, slot: number): number {
  return Math.floor(slots.readUInt32LE(slot + FIRST_BATCH + EPOCH_AND_RECORDS) / RECORDS)
}

export function lastSequenceIn(slots: Buffer, slot: number): number {
  return slots.readUInt32LE(slot + FIRST_BATCH + LAST_SEQUENCE)
}

/** The newest batches, newest first. */
export function* batchesIn(slots: Buffer, slot: number): Generator<ProducerBatch, void, undefined> {
  let offset: number = newestOffsetIn(slots, slot)
  for (let index = 0; index < BATCHES; index += 1) {
    const at = slot + FIRST_BATCH + index * BATCH_BYTES
    const epochAndRecords = slots.readUInt32LE(at + EPOCH_AND_RECORDS)
    if (epochAndRecords === 0) return
    offset -= slots.readUInt32LE(at)
    yield {
      baseOffset: offset as Offset,
      epoch: Math.floor(epochAndRecords / RECORDS),
      lastSequence: slots.readUInt32LE(at + LAST_SEQUENCE),
      recordCount: epochAndRecords % RECORDS,
    }
  }
}

/** The base offset of this very batch when it is among the last five of its producer, or null. */
export function originalOf(batch: RecordBatch, slots: Buffer, slot: number): Offset | null {
  let answered = 0
  for (const known of batchesIn(slots, slot)) {
    if (answered === ANSWERED_BATCHES) break
    answered += 1
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
export function clearSlot(slots: Buffer, slot: number, producerId: number): void {
  slots.fill(0, slot, slot + SLOT_BYTES)
  writeUInt64(slots, producerId, slot)
}

/** Notes a batch that has just been appended, with its offset stamped. */
export function pushBatch(batch: RecordBatch, slots: Buffer, slot: number, nowMs: number): void {
  const first = slot + FIRST_BATCH
  const { baseOffset } = batch
  const distance = baseOffset - newestOffsetIn(slots, slot)
  const hasNewest = slots.readUInt32LE(first + EPOCH_AND_RECORDS) > 0
  if (distance > DISTANCE_MAX) slots.fill(0, first, slot + SLOT_BYTES)
  else if (hasNewest) {
    slots.writeUInt32LE(distance, first)
    slots.copyWithin(first + BATCH_BYTES, first, slot + SLOT_BYTES - BATCH_BYTES)
  }
  slots.writeUInt32LE(0, first)
  slots.writeUInt32LE(batch.lastSequence, first + LAST_SEQUENCE)
  const records = Math.min(batch.lastOffsetDelta + 1, RECORDS - 1)
  slots.writeUInt32LE(batch.producerEpoch * RECORDS + records, first + EPOCH_AND_RECORDS)
  writeUInt64(slots, baseOffset, slot + NEWEST_OFFSET)
  writeUInt64(slots, nowMs, slot + LAST_APPEND)
}

/** Forgets the batches from `end` on. Whether any is left. */
export function truncateSlot(slots: Buffer, slot: number, end: Offset): boolean {
  const known = [...batchesIn(slots, slot)]
  const kept = known.findIndex(({ baseOffset }) => baseOffset < end)
  if (kept <= 0) return kept === 0
  const first = slot + FIRST_BATCH
  const slotEnd = slot + SLOT_BYTES
  slots.copyWithin(first, first + kept * BATCH_BYTES, slotEnd)
  slots.fill(0, slotEnd - kept * BATCH_BYTES, slotEnd)
  slots.writeUInt32LE(0, first)
  writeUInt64(slots, known[kept]?.baseOffset ?? 0, slot + NEWEST_OFFSET)
  return true
}
