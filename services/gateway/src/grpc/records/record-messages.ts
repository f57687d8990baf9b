import type { RecordBatch } from '@courant/record-batch'
import { RecordCursor, recordBatches } from '@courant/record-batch'
import { bytesSize, integerSize, type MessageWriter } from '../wire/message-writer.ts'

/** Fields of FetchResponse, of Record and of Header. */
const RECORDS = 1
const OFFSET = 1
const TIMESTAMP = 2
const KEY = 3
const VALUE = 4
const HEADERS = 5
const HEADER_NAME = 1
const HEADER_VALUE = 2

/**
 * Fetched batches as messages of type Record, as many at a time as are asked for. Keys and values
 * are copied once, from the batch to the message. Control batches are not records and are left out.
 */
export class RecordMessages {
  /** Where the next read goes on. */
  nextOffset: number
  recordCount = 0
  /** Of the last batch that was begun; -1 before. */
  leaderEpoch = -1
  readonly #startOffset: number
  readonly #batches: Iterator<RecordBatch>
  #batch: RecordBatch | null = null
  #cursor: RecordCursor | null = null
  /** The cursor's record has found no place yet. */
  #isHeld = false

  /** Records before `offset`, which the first batch may begin with, are left out. */
  constructor(records: Buffer, offset: number) {
    this.#startOffset = offset
    this.nextOffset = offset
    this.#batches = recordBatches(records)
  }

  /**
   * Writes records while there is room for them: in `out` below `bytesMax`, and `recordsMax` in
   * all. The first record of a message is written in any case. False: there is room left, and no
   * record.
   */
  writeTo(out: MessageWriter, recordsMax: number, bytesMax: number): boolean {
    const begin = out.size
    while (this.recordCount < recordsMax) {
      const cursor = this.#isHeld ? this.#cursor : this.#next()
      if (cursor === null) return false
      const size = sizeOf(cursor)
      if (out.size > begin && out.size + bytesSize(size) > bytesMax) {
        this.#isHeld = true
        return true
      }
      this.#isHeld = false
      write(out, cursor, size)
      this.nextOffset = cursor.offset + 1
      this.recordCount += 1
    }
    return true
  }

  /** The next record that is shown; null behind the last one. */
  #next(): RecordCursor | null {
    while (true) {
      const cursor = this.#cursor ?? this.#nextBatch()
      if (cursor === null) return null
      if (cursor.next()) {
        if (cursor.offset >= this.#startOffset) return cursor
      } else this.#endBatch()
    }
  }

  #nextBatch(): RecordCursor | null {
    for (let found = this.#batches.next(); found.done !== true; found = this.#batches.next()) {
      const batch = found.value
      this.#batch = batch
      this.leaderEpoch = batch.partitionLeaderEpoch
      if (!batch.isControl) {
        this.#cursor = new RecordCursor(batch)
        return this.#cursor
      }
      this.#endBatch()
    }
    return null
  }

  /** What a batch no longer holds is behind us too. */
  #endBatch(): void {
    const end = this.#batch?.nextOffset ?? this.nextOffset
    if (end > this.nextOffset) this.nextOffset = end
    this.#batch = null
    this.#cursor = null
  }
}

function sizeOf(cursor: RecordCursor): number {
  const { keyStart, valueStart } = cursor
  let size = integerSize(cursor.offset) + integerSize(cursor.timestamp)
  if (keyStart >= 0) size += bytesSize(cursor.keyEnd - keyStart)
  if (valueStart >= 0) size += bytesSize(cursor.valueEnd - valueStart)
  if (cursor.headerCount === 0) return size
  for (const { name, value } of cursor.headers()) {
    size += bytesSize(headerSize(Buffer.byteLength(name), value))
  }
  return size
}

function headerSize(nameSize: number, value: Buffer | null): number {
  return bytesSize(nameSize) + (value === null ? 0 : bytesSize(value.length))
}

function write(out: MessageWriter, cursor: RecordCursor, size: number): void {
  const { bytes, keyStart, keyEnd, valueStart, valueEnd } = cursor
  out.begin(RECORDS, size)
  out.integer(OFFSET, cursor.offset)
  out.integer(TIMESTAMP, cursor.timestamp)
  if (keyStart >= 0) out.bytes(KEY, bytes, keyStart, keyEnd)
  if (valueStart >= 0) out.bytes(VALUE, bytes, valueStart, valueEnd)
  if (cursor.headerCount === 0) return
  for (const { name, value } of cursor.headers()) {
    const nameBytes = Buffer.from(name)
    out.begin(HEADERS, headerSize(nameBytes.length, value))
    out.bytes(HEADER_NAME, nameBytes)
    if (value !== null) out.bytes(HEADER_VALUE, value)
  }
}
