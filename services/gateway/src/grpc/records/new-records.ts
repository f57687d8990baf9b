import { isUtf8 } from 'node:buffer'
import { BusError, limits } from '@courant/kernel'
import type { RecordHeader } from '@courant/record-batch'
import { addHeaders } from '../../produce/header-parser.ts'
import type { ParsedRecords } from '../../produce/parsed-records.ts'
import { problemAt } from '../../produce/record-problem.ts'
import { MessageReader } from '../wire/message-reader.ts'
import { RECORDS } from './produce-head.ts'

/** Fields of NewRecord and Header. */
const KEY = 1
const VALUE = 2
const HEADERS = 3
const PARTITION = 4
const TIMESTAMP = 5
const HEADER_NAME = 1
const HEADER_VALUE = 2

export interface RecordRules {
  readonly partitionCount: number
  /** Epoch milliseconds; a client's timestamp may be ahead of the clock by the limit. */
  readonly now: number
}

/**
 * Reads the records of a produce request into columns: keys and values stay where they are, in the
 * message. One of each a gateway; a reading does not yield.
 */
export class NewRecords {
  readonly #request = new MessageReader()
  readonly #record = new MessageReader()
  readonly #header = new MessageReader()

  /**
   * What is wrong with a record is told to `refuse` with the record's index, and the record is left
   * out, unless `refuse` throws. Throws PAYLOAD_TOO_LARGE where there are too many.
   */
  read(
    message: Buffer,
    records: ParsedRecords,
    rules: RecordRules,
    refuse: (index: number, error: BusError) => void,
  ): number {
    records.reset(message)
    const request = this.#request.reset(message)
    let count = 0
    while (request.next()) {
      if (!request.isBytes(RECORDS)) continue
      if (count === limits.bodyRecordsMax) throw tooMany()
      const index = records.add()
      try {
        this.#read(message, request.start, request.end, records, index, count, rules)
      } catch (thrown) {
        records.count = index
        refuse(count, BusError.from(thrown))
      }
      count += 1
    }
    return count
  }

  #read(
    message: Buffer,
    start: number,
    end: number,
    records: ParsedRecords,
    index: number,
    given: number,
    rules: RecordRules,
  ): void {
    const record = this.#record.reset(message, start, end)
    let headers: RecordHeader[] | null = null
    while (record.next()) {
      if (record.isBytes(KEY)) records.setKey(index, record.start, record.end)
      else if (record.isBytes(VALUE)) records.setValue(index, record.start, record.end)
      else if (record.isBytes(HEADERS)) {
        headers ??= []
        if (headers.length < limits.recordHeadersMax + 1) {
          headers.push(this.#readHeader(message, record.start, record.end, given, headers.length))
        }
      } else if (record.field === PARTITION) {
        setPartition(records, index, record.varint, given, rules)
      } else if (record.field === TIMESTAMP) {
        setTimestamp(records, index, record.varint, given, rules)
      }
    }
    if (headers !== null) addHeaders(records, index, headers, () => `/records/${given}/headers`)
  }

  #readHeader(
    message: Buffer,
    start: number,
    end: number,
    given: number,
    position: number,
  ): RecordHeader {
    const header = this.#header.reset(message, start, end)
    let name: Buffer = NO_NAME
    let value: Buffer | null = null
    while (header.next()) {
      if (header.isBytes(HEADER_NAME)) name = message.subarray(header.start, header.end)
      else if (header.isBytes(HEADER_VALUE)) value = message.subarray(header.start, header.end)
    }
    const pointer = `/records/${given}/headers/${position}/name`
    if (name.length > limits.headerNameBytesMax) {
      const detail = `The name of a header has at most ${limits.headerNameBytesMax} bytes.`
      throw problemAt('INVALID_RECORD', pointer, detail)
    }
    if (!isUtf8(name)) throw problemAt('INVALID_RECORD', pointer, 'The name is not valid UTF-8.')
    return { name: name.toString('utf8'), value }
  }
}

const NO_NAME = Buffer.alloc(0)

function setPartition(
  records: ParsedRecords,
  index: number,
  partition: number,
  given: number,
  { partitionCount }: RecordRules,
): void {
  if (!(partition < partitionCount)) {
    const detail = `The topic has the partitions 0 to ${partitionCount - 1}.`
    throw problemAt('INVALID_RECORD', `/records/${given}/partition`, detail)
  }
  records.setPartition(index, partition)
}

function setTimestamp(
  records: ParsedRecords,
  index: number,
  timestamp: number,
  given: number,
  { now }: RecordRules,
): void {
  checkTimestamp(timestamp, `/records/${given}/timestamp`, { now })
  records.setTimestamp(index, timestamp)
}

/** Throws INVALID_TIMESTAMP. */
export function checkTimestamp(
  timestamp: number,
  pointer: string,
  { now }: Pick<RecordRules, 'now'>,
): void {
  if (!Number.isSafeInteger(timestamp)) {
    throw problemAt('INVALID_TIMESTAMP', pointer, 'timestamp is a whole number, not negative.')
  }
  if (timestamp > now + limits.timestampAheadMsMax) {
    const detail = `The timestamp is more than ${limits.timestampAheadMsMax} ms ahead of the clock.`
    throw problemAt('INVALID_TIMESTAMP', pointer, detail)
  }
}

function tooMany(): BusError {
  const detail = `A request has at most ${limits.bodyRecordsMax} records; send more as a stream.`
  return problemAt('PAYLOAD_TOO_LARGE', '/records', detail)
}
