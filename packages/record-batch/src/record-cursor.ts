import { BusError, limits } from '@courant/kernel'
import { decompress } from './compression.ts'
import { BATCH_HEADER_BYTES } from './layout.ts'
import type { Record, RecordHeader } from './record.ts'
import type { RecordBatch } from './record-batch.ts'
import { VarintReader } from './varint.ts'

const NO_HEADERS: readonly RecordHeader[] = []

/**
 * Walks over the records of a batch without an object for each: `next` moves on, the fields then
 * say where the parts of the current record lie in `bytes`. A part that starts at -1 is null.
 * Bytes that are not records end the walk with CORRUPT_MESSAGE, never outside the batch.
 *
 * ```
 * record  => length attributes timestampDelta offsetDelta key value headers
 * key     => length (-1 null) bytes         value => length (-1 null) bytes
 * headers => count (name value)*            name  => length bytes
 * ```
 */
export class RecordCursor {
  /** The records, decompressed. */
  readonly bytes: Buffer
  index = -1
  offset = -1
  timestamp = -1
  keyStart = -1
  keyEnd = -1
  valueStart = -1
  valueEnd = -1
  headerCount = 0
  /** First byte behind the header count. */
  headersStart = 0
  recordEnd = 0

  readonly #baseOffset: number
  readonly #baseTimestamp: number
  /** Every record's timestamp where the topic has append time, else -1. */
  readonly #appendTime: number
  readonly #count: number
  readonly #end: number
  readonly #reader: VarintReader

  /**
   * The batch must have passed `verify`, or be known to come from a log that did. One that
   * decompresses to more than `decompressedBytesMax` is CORRUPT_MESSAGE.
   */
  constructor(batch: RecordBatch, decompressedBytesMax: number = limits.decompressedBytesMax) {
    this.#baseOffset = batch.baseOffset
    this.#baseTimestamp = batch.baseTimestamp
    this.#appendTime = batch.timestampType === 'append' ? batch.maxTimestamp : -1
    this.#count = batch.recordCount
    const start = batch.position + BATCH_HEADER_BYTES
    const end = batch.position + batch.size
    const { compression } = batch
    if (compression === 'none') {
      this.bytes = batch.buffer
      this.recordEnd = start
      this.#end = Math.min(end, batch.buffer.length)
    } else {
      this.bytes = decompress(compression, batch.buffer.subarray(start, end), decompressedBytesMax)
      this.#end = this.bytes.length
    }
    this.#reader = new VarintReader(this.bytes, this.recordEnd, this.#end)
  }

  /** Bytes behind the current record that the count does not explain; 0 in a sound batch's end. */
  get bytesLeft(): number {
    return this.#end - this.recordEnd
  }

  next(): boolean {
    if (this.index + 1 >= this.#count) return false
    this.index += 1
    const reader = this.#reader
    reader.position = this.recordEnd
    reader.end = this.#end
    const length = reader.varint()
    const end = reader.position + length
    if (length < 0 || end > this.#end) throw corrupt('The length of a record is wrong.')
    reader.end = end
    this.recordEnd = end
    reader.byte()
    const timestamp = this.#baseTimestamp + reader.varlong()
    this.timestamp = this.#appendTime === -1 ? timestamp : this.#appendTime
    this.offset = this.#baseOffset + reader.varint()
    const keyLength = reader.varint()
    this.keyStart = keyLength < 0 ? -1 : reader.position
    this.keyEnd = this.#skip(keyLength)
    const valueLength = reader.varint()
    this.valueStart = valueLength < 0 ? -1 : reader.position
    this.valueEnd = this.#skip(valueLength)
    this.headerCount = reader.varint()
    this.headersStart = reader.position
    if (this.headerCount < 0 || this.headerCount > limits.recordHeadersMax) {
      throw corrupt('The header count of a record is wrong.')
    }
    return true
  }

  get key(): Buffer | null {
    return this.keyStart < 0 ? null : this.bytes.subarray(this.keyStart, this.keyEnd)
  }

  get value(): Buffer | null {
    return this.valueStart < 0 ? null : this.bytes.subarray(this.valueStart, this.valueEnd)
  }

  /** Decodes the headers of the current record and checks that the record ends behind them. */
  headers(): readonly RecordHeader[] {
    if (this.headerCount === 0 && this.headersStart === this.recordEnd) return NO_HEADERS
    const reader = new VarintReader(this.bytes, this.headersStart, this.recordEnd)
    const headers: RecordHeader[] = []
    for (let index = 0; index < this.headerCount; index += 1) {
      const name = take(reader, reader.varint())
      if (name === null) throw corrupt('A header of a record has no name.')
      headers.push({ name: name.toString(), value: take(reader, reader.varint()) })
    }
    if (reader.position !== this.recordEnd) throw corrupt('A record is longer than its parts.')
    return headers
  }

  /** The checks of `headers`, without building them. */
  verifyHeaders(): void {
    const reader = this.#reader
    reader.position = this.headersStart
    for (let index = 0; index < this.headerCount; index += 1) {
      const nameLength = reader.varint()
      if (nameLength < 0) throw corrupt('A header of a record has no name.')
      this.#skip(nameLength)
      this.#skip(reader.varint())
    }
    if (reader.position !== this.recordEnd) throw corrupt('A record is longer than its parts.')
  }

  /** The current record as an object. */
  record(): Record {
    const { offset, timestamp, key, value } = this
    return { offset, timestamp, key, value, headers: this.headers() }
  }

  #skip(length: number): number {
    const reader = this.#reader
    if (length <= 0) return reader.position
    if (length > reader.end - reader.position) throw corrupt('A length in a record is wrong.')
    reader.position += length
    return reader.position
  }
}

function take(reader: VarintReader, length: number): Buffer | null {
  if (length < 0) return null
  const { position } = reader
  if (length > reader.end - position) throw corrupt('A length in a record is wrong.')
  reader.position = position + length
  return reader.buffer.subarray(position, position + length)
}

function corrupt(detail: string): BusError {
  return new BusError('CORRUPT_MESSAGE', detail)
}
