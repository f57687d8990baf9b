import { assert } from '@courant/kernel'
import type { RecordSource } from '@courant/record-batch'
import { decodeBase64 } from './base64.ts'
import { unescapeText } from './json-text.ts'

const NONE = -1
/** Columns of a record: start and end of each part, and the partition. */
const KEY = 0
const VALUE = 2
const HEADERS = 4
const PARTITION = 6
const COLUMNS = 7
/**
 * Records that a list can take before it grows. Beyond `KEPT_MAX` it is not kept for another use.
 */
const CAPACITY_MIN = 16
const KEPT_MAX = 4_096
const SIDE_BYTES_MIN = 1_024
const SIDE_BYTES_KEPT_MAX = 65_536
const EMPTY = Buffer.alloc(0)

/**
 * The records of a request, parsed and checked and not yet in a batch: columns of positions instead
 * of objects. A position below the body's length is in the body; one beyond it is in the *side
 * buffer*, which holds what could not be left where it was: unescaped strings, decoded base64,
 * encoded headers. A part that starts at -1 is absent (a key), a tombstone (a value), or empty
 * (headers). The columns are used again for the next request: whoever reads them finishes with them
 * before it yields.
 */
export class ParsedRecords {
  count = 0
  #body: Buffer = EMPTY
  #side: Buffer = Buffer.allocUnsafeSlow(SIDE_BYTES_MIN)
  #sideEnd = 0
  #hasTimestamps = false
  #capacity = CAPACITY_MIN
  #positions = new Int32Array(CAPACITY_MIN * COLUMNS)
  #timestamps = new Float64Array(CAPACITY_MIN)

  /** Forgets all records and turns to another body. */
  reset(body: Buffer): void {
    if (this.#capacity > KEPT_MAX) {
      this.#capacity = CAPACITY_MIN
      this.#positions = new Int32Array(CAPACITY_MIN * COLUMNS)
      this.#timestamps = new Float64Array(CAPACITY_MIN)
    }
    if (this.#side.length > SIDE_BYTES_KEPT_MAX) this.#side = Buffer.allocUnsafeSlow(SIDE_BYTES_MIN)
    this.#body = body
    this.#sideEnd = 0
    this.#hasTimestamps = false
    this.count = 0
  }

  /** Begins a record without key, headers, partition and timestamp, and returns its index. */
  add(): number {
    if (this.count === this.#capacity) this.#grow()
    const index = this.count
    const positions = this.#positions
    // A loop, because `fill` is a call that costs more than these few stores.
    for (let at = index * COLUMNS, end = at + COLUMNS; at < end; at += 1) positions[at] = NONE
    this.#timestamps[index] = NONE
    this.count += 1
    return index
  }

  setKey(index: number, start: number, end: number): void {
    this.#setRange(index, KEY, start, end)
  }

  setValue(index: number, start: number, end: number): void {
    this.#setRange(index, VALUE, start, end)
  }

  setHeaders(index: number, start: number, end: number): void {
    this.#setRange(index, HEADERS, start, end)
  }

  setPartition(index: number, partition: number): void {
    this.#positions[index * COLUMNS + PARTITION] = partition
  }

  setTimestamp(index: number, timestamp: number): void {
    this.#hasTimestamps = true
    this.#timestamps[index] = timestamp
  }

  hasKey(index: number): boolean {
    return this.#at(index, KEY) !== NONE
  }

  /** -1: not given, or not chosen yet. */
  partition(index: number): number {
    return this.#at(index, PARTITION)
  }

  /** -1: not given. */
  timestamp(index: number): number {
    return this.#timestamps[index] ?? NONE
  }

  /** How many records each partition gets, once all have one. */
  countByPartition(): Map<number, number> {
    const counts = new Map<number, number>()
    for (let index = 0; index < this.count; index += 1) {
      const partition = this.partition(index)
      counts.set(partition, (counts.get(partition) ?? 0) + 1)
    }
    return counts
  }

  /** Partition of each record, to keep. */
  copyPartitions(): Int32Array {
    const partitions = new Int32Array(this.count)
    for (let index = 0; index < this.count; index += 1) partitions[index] = this.partition(index)
    return partitions
  }

  /** Timestamp of each record, to keep, or null when no record has one. */
  copyTimestamps(now: number): Float64Array | null {
    if (!this.#hasTimestamps) return null
    const given = this.#timestamps.subarray(0, this.count)
    return given.map((timestamp) => (timestamp === NONE ? now : timestamp))
  }

  /** Bytes of key, value and headers together. */
  contentBytes(index: number): number {
    const at = index * COLUMNS
    const positions = this.#positions
    let bytes = 0
    for (let column = at; column < at + PARTITION; column += 2) {
      bytes += (positions[column + 1] ?? 0) - (positions[column] ?? 0)
    }
    return bytes
  }

  /** Takes bytes into the side buffer and returns the position of the first. */
  addSide(bytes: Buffer): number {
    const start = this.reserveSide(bytes.length)
    bytes.copy(this.#side, this.#sideEnd)
    this.#sideEnd += bytes.length
    return start
  }

  /** Decodes base64 into the side buffer; null: it is something else. */
  addSideBase64(
    bytes: Buffer,
    start: number,
    end: number,
  ): { readonly start: number; readonly end: number } | null {
    const from = this.reserveSide(Math.ceil(((end - start) * 3) / 4))
    const sideEnd = decodeBase64(bytes, start, end, this.#side, this.#sideEnd)
    if (sideEnd < 0) return null
    const size = sideEnd - this.#sideEnd
    this.#sideEnd = sideEnd
    return { start: from, end: from + size }
  }

  /** Unescapes the content of a JSON string into the side buffer; null: it has a lone surrogate. */
  addSideText(
    bytes: Buffer,
    start: number,
    end: number,
  ): { readonly start: number; readonly end: number } | null {
    const from = this.reserveSide(end - start)
    const sideEnd = unescapeText(bytes, start, end, this.#side, this.#sideEnd)
    if (sideEnd < 0) return null
    const size = sideEnd - this.#sideEnd
    this.#sideEnd = sideEnd
    return { start: from, end: from + size }
  }

  /** Makes room in the side buffer; the position that the next bytes will have. */
  reserveSide(size: number): number {
    if (this.#sideEnd + size > this.#side.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(this.#sideEnd + size, this.#side.length * 2))
      this.#side.copy(larger, 0, 0, this.#sideEnd)
      this.#side = larger
    }
    return this.#body.length + this.#sideEnd
  }

  /** Points `source` at the parts of a record. A record without a timestamp gets `now`. */
  fill(source: RecordSource, index: number, now: number): void {
    const { length } = this.#body
    const keyStart = this.#at(index, KEY)
    const inKey = keyStart < length ? 0 : length
    source.keyBytes = keyStart === NONE ? null : this.#bufferOf(keyStart)
    source.keyStart = keyStart - inKey
    source.keyEnd = this.#at(index, KEY + 1) - inKey
    const valueStart = this.#at(index, VALUE)
    const inValue = valueStart < length ? 0 : length
    source.valueBytes = valueStart === NONE ? null : this.#bufferOf(valueStart)
    source.valueStart = valueStart - inValue
    source.valueEnd = this.#at(index, VALUE + 1) - inValue
    const headersStart = this.#at(index, HEADERS)
    const inHeaders = headersStart < length ? 0 : length
    source.headersBytes = headersStart === NONE ? null : this.#bufferOf(headersStart)
    source.headersStart = headersStart - inHeaders
    source.headersEnd = this.#at(index, HEADERS + 1) - inHeaders
    const timestamp = this.timestamp(index)
    source.timestamp = timestamp === NONE ? now : timestamp
  }

  #bufferOf(start: number): Buffer {
    return start < this.#body.length ? this.#body : this.#side
  }

  #setRange(index: number, column: number, start: number, end: number): void {
    assert(start >= 0 && start <= end, 'a part is a range')
    this.#positions[index * COLUMNS + column] = start
    this.#positions[index * COLUMNS + column + 1] = end
  }

  #at(index: number, column: number): number {
    return this.#positions[index * COLUMNS + column] ?? NONE
  }

  #grow(): void {
    this.#capacity *= 2
    const positions = new Int32Array(this.#capacity * COLUMNS)
    positions.set(this.#positions)
    this.#positions = positions
    const timestamps = new Float64Array(this.#capacity)
    timestamps.set(this.#timestamps)
    this.#timestamps = timestamps
  }
}
