import { type BusError, limits } from '@courant/kernel'
import { type RecordBatch, RecordCursor, recordBatches } from '@courant/record-batch'
import { addHeaders } from '../../produce/header-parser.ts'
import type { ParsedRecords } from '../../produce/parsed-records.ts'
import { problemAt } from '../../produce/record-problem.ts'
import { checkTimestamp, type RecordRules } from './new-records.ts'
import type { EncodedBatches } from './produce-head.ts'

const POINTER = '/recordBatches'
const NO_PRODUCER = -1

/** What the reading of a request may take in memory, besides the request. */
export function decompressedBytesOf(message: Buffer, batches: EncodedBatches | null): number {
  if (batches === null) return 0
  for (const { compression } of recordBatches(message, batches.start, batches.end)) {
    if (compression !== 'none') return limits.bodyBytesMax
  }
  return 0
}

/**
 * Reads the records of encoded batches into columns, as `NewRecords` reads messages: keys and
 * values stay where they are, those of compressed batches in the side buffer. What is wrong with
 * one is wrong with all. Throws CORRUPT_MESSAGE, INVALID_RECORD, INVALID_TIMESTAMP,
 * PAYLOAD_TOO_LARGE.
 */
export function readEncoded(
  message: Buffer,
  { start, end, partition }: EncodedBatches,
  records: ParsedRecords,
  rules: RecordRules,
): number {
  if (partition !== null && !(partition < rules.partitionCount)) {
    const detail = `The topic has the partitions 0 to ${rules.partitionCount - 1}.`
    throw problemAt('INVALID_ARGUMENT', '/partition', detail)
  }
  records.reset(message)
  let position = start
  let decompressedMax = limits.bodyBytesMax
  for (const batch of recordBatches(message, start, end)) {
    batch.verify()
    checkKind(batch)
    const cursor = new RecordCursor(batch, decompressedMax)
    const isCompressed = batch.compression !== 'none'
    if (isCompressed) decompressedMax -= cursor.bytes.length
    // A position beyond the message is one in the side buffer.
    const shift = isCompressed ? records.addSide(cursor.bytes) : 0
    while (cursor.next()) readRecord(cursor, shift, partition, records, rules)
    if (cursor.bytesLeft !== 0) throw invalid('A batch has bytes behind its last record.')
    position += batch.size
  }
  if (position !== end) throw invalid('The last record batch is cut off.')
  return records.count
}

function checkKind(batch: RecordBatch): void {
  const { isControl, isTransactional, producerId, timestampType } = batch
  if (isControl || isTransactional || producerId !== NO_PRODUCER) {
    throw invalid('Batches are of data, without a producer id and outside transactions.')
  }
  if (timestampType === 'append') {
    throw problemAt('INVALID_TIMESTAMP', POINTER, 'A producer may not set the append time.')
  }
}

function readRecord(
  cursor: RecordCursor,
  shift: number,
  partition: number | null,
  records: ParsedRecords,
  rules: RecordRules,
): void {
  if (records.count === limits.bodyRecordsMax) {
    const detail = `A request has at most ${limits.bodyRecordsMax} records; send more as a stream.`
    throw problemAt('PAYLOAD_TOO_LARGE', POINTER, detail)
  }
  const { keyStart, keyEnd, valueStart, valueEnd, timestamp } = cursor
  const index = records.add()
  if (keyStart >= 0) records.setKey(index, shift + keyStart, shift + keyEnd)
  if (valueStart >= 0) records.setValue(index, shift + valueStart, shift + valueEnd)
  if (partition !== null) records.setPartition(index, partition)
  if (timestamp >= 0) {
    checkTimestamp(timestamp, POINTER, rules)
    records.setTimestamp(index, timestamp)
  }
  const headers = cursor.headers()
  if (headers.length === 0) return
  for (const { name } of headers) {
    if (name.includes('\ufffd') || Buffer.byteLength(name) > limits.headerNameBytesMax) {
      const detail = `Names of headers are UTF-8, at most ${limits.headerNameBytesMax} bytes.`
      throw invalid(detail)
    }
  }
  addHeaders(records, index, headers, () => POINTER)
}

function invalid(detail: string): BusError {
  return problemAt('INVALID_RECORD', POINTER, detail)
}
