import { BusError } from '@courant/kernel'
import { COMPRESSION_MASK, LOG_APPEND_TIME_BIT, NONE, TRANSACTIONAL_BIT } from './layout.ts'
import type { RecordBatch } from './record-batch.ts'
import { RecordCursor } from './record-cursor.ts'

/** Append time has an error of its own. The horizon bit and those above it are a log's to set. */
const PRODUCER_BITS = COMPRESSION_MASK | LOG_APPEND_TIME_BIT | TRANSACTIONAL_BIT

/**
 * What a batch must be, beyond `verify`, when it comes from a client and not from a log: a data
 * batch whose records are all there, consecutive, and exactly as long as they say. It scans the
 * framing without building a record. Throws INVALID_RECORD, or CORRUPT_MESSAGE where the framing
 * cannot be followed.
 */
export function verifyProduced(batch: RecordBatch): void {
  const problem = headerProblem(batch)
  if (problem !== null) throw new BusError('INVALID_RECORD', problem)
  if (batch.timestampType === 'append') {
    throw new BusError('INVALID_TIMESTAMP', 'A producer may not set the append time.')
  }
  verifyFraming(batch)
}

function headerProblem(batch: RecordBatch): string | null {
  if (batch.isControl) return 'A client may not write control batches.'
  if ((batch.attributes & PRODUCER_BITS) !== batch.attributes) {
    return 'The attributes of the record batch have bits that no producer sets.'
  }
  if (batch.recordCount < 1) return 'A record batch has at least one record.'
  if (batch.lastOffsetDelta !== batch.recordCount - 1) {
    return 'The last offset delta does not match the record count.'
  }
  // Without a producer id the other two mean nothing, and clients do leave zeros in them.
  if (batch.producerId !== NONE && (batch.producerEpoch < 0 || batch.baseSequence < 0)) {
    return 'A batch with a producer id has an epoch and a base sequence.'
  }
  return null
}

function verifyFraming(batch: RecordBatch): void {
  const cursor = new RecordCursor(batch)
  const { baseOffset, maxTimestamp } = batch
  while (cursor.next()) {
    if (cursor.offset !== baseOffset + cursor.index) {
      throw new BusError('INVALID_RECORD', 'The offset deltas of the records are not consecutive.')
    }
    if (cursor.timestamp < NONE || !Number.isSafeInteger(cursor.timestamp)) {
      throw new BusError('INVALID_TIMESTAMP', 'The timestamp of a record is out of range.')
    }
    // A search by time trusts the header: it would never look at such a record.
    if (cursor.timestamp > maxTimestamp) {
      throw new BusError('INVALID_TIMESTAMP', 'A record is later than the batch says of all.')
    }
    cursor.verifyHeaders()
  }
  if (cursor.bytesLeft !== 0) {
    throw new BusError('INVALID_RECORD', 'The record batch has bytes behind its last record.')
  }
}
