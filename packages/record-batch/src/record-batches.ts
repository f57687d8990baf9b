import { BusError } from '@courant/kernel'
import { readInt32 } from './integers.ts'
import { BATCH_HEADER_BYTES, BATCH_LENGTH, BATCH_PREFIX_BYTES } from './layout.ts'
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
