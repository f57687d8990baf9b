import { BusError, type LeaderEpoch, type Offset } from '@courant/kernel'
import { readInt32, readInt64, writeInt32, writeInt64 } from './integers.ts'
import {
  BASE_OFFSET,
  BATCH_HEADER_BYTES,
  BATCH_LENGTH,
  BATCH_PREFIX_BYTES,
  LAST_OFFSET_DELTA,
  MAX_TIMESTAMP,
  PARTITION_LEADER_EPOCH,
  PRODUCER_ID,
} from './layout.ts'
import { RecordBatch } from './record-batch.ts'

/**
 * The whole batches that lie one behind the other in `buffer[start, end)`. A batch that is cut off
 * at the end is left out: fetch answers end like that, as they are filled to a byte limit. The
 * batches are not verified; a length that no batch can have is CORRUPT_MESSAGE.
 */
export function* recordBatches(
  buffer: Buffer,
  start = 0,
  end: number = buffer.length,
): Generator<RecordBatch, void, undefined> {
  let position = start
  while (true) {
    const size = batchSizeAt(buffer, position, end)
    if (size === null || position + size > end) return
    yield new RecordBatch(buffer, position)
    position += size
  }
}

/** Size of the batch that begins at `position`; null when fewer bytes than a header are left. */
export function batchSizeAt(
  buffer: Buffer,
  position: number,
  end: number = buffer.length,
): number | null {
  if (end - position < BATCH_HEADER_BYTES) return null
  const size = readInt32(buffer, position + BATCH_LENGTH) + BATCH_PREFIX_BYTES
  if (size >= BATCH_HEADER_BYTES) return size
  throw new BusError('CORRUPT_MESSAGE', 'The length of the record batch is too small.')
}

/**
 * Gives the batch at `position` its place in the log, in place and outside its CRC. Returns the
 * offset behind it. With `maxTimestampAt` for whoever appends: a view of each batch costs more.
 */
export function stampBatchAt(
  buffer: Buffer,
  position: number,
  baseOffset: Offset,
  leaderEpoch: LeaderEpoch,
): Offset {
  writeInt64(buffer, baseOffset, position + BASE_OFFSET)
  writeInt32(buffer, leaderEpoch, position + PARTITION_LEADER_EPOCH)
  return (baseOffset + readInt32(buffer, position + LAST_OFFSET_DELTA) + 1) as Offset
}

export function maxTimestampAt(buffer: Buffer, position: number): number {
  return readInt64(buffer, position + MAX_TIMESTAMP)
}

/** Whether an idempotent producer made the batch: its id is then not negative. */
export function hasProducerAt(buffer: Buffer, position: number): boolean {
  return (buffer[position + PRODUCER_ID] ?? NEGATIVE) < NEGATIVE
}

/** The top bit of a big-endian integer: its sign. */
const NEGATIVE = 0x80
