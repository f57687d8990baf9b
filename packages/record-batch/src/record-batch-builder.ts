import { assert } from '@courant/kernel'
import { compress, compressionNumber, type SupportedCompression } from './compression.ts'
import { crc32c } from './crc32c.ts'
import { writeInt32, writeInt64 } from './integers.ts'
import {
  ATTRIBUTES,
  BASE_OFFSET,
  BASE_SEQUENCE,
  BASE_TIMESTAMP,
  BATCH_HEADER_BYTES,
  BATCH_LENGTH,
  BATCH_PREFIX_BYTES,
  CRC,
  LAST_OFFSET_DELTA,
  MAGIC,
  MAGIC_V2,
  MAX_TIMESTAMP,
  NONE,
  PARTITION_LEADER_EPOCH,
  PRODUCER_EPOCH,
  PRODUCER_ID,
  RECORD_COUNT,
} from './layout.ts'
import type { RecordSource } from './record-source.ts'
import { varintSize, writeVarint } from './varint.ts'

/** Below this a loop copies faster than a call. Measured. */
const COPY_LOOP_BYTES_MAX = 24

/** Where a builder has its memory from. */
export interface BatchMemory {
  /** A buffer of at least `size` bytes. */
  take(size: number): Buffer
  /** Nobody uses the buffer any more. */
  give(buffer: Buffer): void
}

/** Which idempotent producer made a batch, and what place it has among the others that it made. */
export interface ProducerStamp {
  readonly producerId: number
  readonly producerEpoch: number
  /** Of the first record; the others follow, and 0 follows 2^31 - 1. */
  readonly baseSequence: number
}

const NO_PRODUCER: ProducerStamp = {
  producerId: NONE,
  producerEpoch: NONE,
  baseSequence: NONE,
}

const FRESH_MEMORY: BatchMemory = { take: (size) => Buffer.allocUnsafeSlow(size), give: () => {} }

/**
 * Builds one record batch. Every record is measured before it is written, so `size` is at any time
 * exactly what `seal` would return, a caller can keep to a limit without trial, and space is
 * reserved once a record (once in all, when the capacity was right). Nothing of the sources is
 * kept.
 */
export class RecordBatchBuilder {
  readonly #memory: BatchMemory
  #buffer: Buffer
  #position = BATCH_HEADER_BYTES
  #recordCount = 0
  #baseTimestamp = NONE
  #maxTimestamp = NONE
  #isSealed = false

  /** `capacity` is a guess of the final size. What is sealed lies in memory of `memory`. */
  constructor(capacity: number, memory: BatchMemory = FRESH_MEMORY) {
    this.#memory = memory
    this.#buffer = memory.take(Math.max(capacity, BATCH_HEADER_BYTES))
  }

  /** Bytes of the batch, header included, before compression. */
  get size(): number {
    return this.#position
  }

  get recordCount(): number {
    return this.#recordCount
  }

  /** Bytes by which `append(record)` would make the batch larger. */
  sizeOf(record: RecordSource): number {
    const bodySize = this.#bodySize(record, this.#timestampDelta(record))
    return varintSize(bodySize) + bodySize
  }

  append(record: RecordSource): void {
    const isAppended = this.appendWithin(record, Number.POSITIVE_INFINITY)
    assert(isAppended, 'a record fits where there is no limit')
  }

  /** Appends the record unless the batch would become larger than `sizeMax`; false then. */
  appendWithin(record: RecordSource, sizeMax: number): boolean {
    assert(!this.#isSealed, 'a sealed batch takes no record')
    const timestampDelta = this.#timestampDelta(record)
    const bodySize = this.#bodySize(record, timestampDelta)
    const end = this.#position + varintSize(bodySize) + bodySize
    if (end > sizeMax) return false
    if (this.#recordCount === 0) this.#baseTimestamp = record.timestamp
    this.#reserve(end)
    const buffer = this.#buffer
    let position = writeVarint(buffer, bodySize, this.#position)
    buffer[position++] = 0
    position = writeVarint(buffer, timestampDelta, position)
    position = writeVarint(buffer, this.#recordCount, position)
    position = writeRange(buffer, position, record.keyBytes, record.keyStart, record.keyEnd)
    position = writeRange(buffer, position, record.valueBytes, record.valueStart, record.valueEnd)
    if (record.headersBytes === null) buffer[position++] = 0
    else {
      const { headersBytes, headersStart, headersEnd } = record
      position = copyRange(buffer, position, headersBytes, headersStart, headersEnd)
    }
    assert(position === end, 'a record has the size that was measured')
    this.#position = position
    this.#recordCount += 1
    if (record.timestamp > this.#maxTimestamp) this.#maxTimestamp = record.timestamp
    return true
  }

  /**
   * Completes the header and returns the batch, with base offset 0 and no leader epoch: the broker
   * stamps both. The builder is spent.
   */
  seal(compression: SupportedCompression = 'none', producer: ProducerStamp = NO_PRODUCER): Buffer {
    assert(!this.#isSealed && this.#recordCount > 0, 'a batch is sealed once and is not empty')
    this.#isSealed = true
    const batch = this.#compressed(compression)
    writeInt64(batch, 0, BASE_OFFSET)
    writeInt32(batch, batch.length - BATCH_PREFIX_BYTES, BATCH_LENGTH)
    writeInt32(batch, NONE, PARTITION_LEADER_EPOCH)
    batch.writeInt8(MAGIC_V2, MAGIC)
    batch.writeInt16BE(compressionNumber(compression), ATTRIBUTES)
    writeInt32(batch, this.#recordCount - 1, LAST_OFFSET_DELTA)
    writeInt64(batch, this.#baseTimestamp, BASE_TIMESTAMP)
    writeInt64(batch, this.#maxTimestamp, MAX_TIMESTAMP)
    writeInt64(batch, producer.producerId, PRODUCER_ID)
    batch.writeInt16BE(producer.producerEpoch, PRODUCER_EPOCH)
    writeInt32(batch, producer.baseSequence, BASE_SEQUENCE)
    writeInt32(batch, this.#recordCount, RECORD_COUNT)
    writeInt32(batch, crc32c(batch, ATTRIBUTES, batch.length), CRC)
    return batch
  }

  #compressed(compression: SupportedCompression): Buffer {
    const plain = this.#buffer.subarray(0, this.#position)
    if (compression === 'none') return plain
    const records = compress(compression, plain.subarray(BATCH_HEADER_BYTES))
    return Buffer.concat([plain.subarray(0, BATCH_HEADER_BYTES), records])
  }

  #timestampDelta(record: RecordSource): number {
    return this.#recordCount === 0 ? 0 : record.timestamp - this.#baseTimestamp
  }

  #bodySize(record: RecordSource, timestampDelta: number): number {
    const headersSize = record.headersBytes === null ? 1 : record.headersEnd - record.headersStart
    return (
      1 +
      varintSize(timestampDelta) +
      varintSize(this.#recordCount) +
      rangeSize(record.keyBytes, record.keyStart, record.keyEnd) +
      rangeSize(record.valueBytes, record.valueStart, record.valueEnd) +
      headersSize
    )
  }

  #reserve(end: number): void {
    if (end <= this.#buffer.length) return
    const larger = this.#memory.take(Math.max(end, this.#buffer.length * 2))
    this.#buffer.copy(larger, 0, 0, this.#position)
    this.#memory.give(this.#buffer)
    this.#buffer = larger
  }
}

function rangeSize(bytes: Buffer | null, start: number, end: number): number {
  return bytes === null ? 1 : varintSize(end - start) + end - start
}

function writeRange(
  target: Buffer,
  position: number,
  bytes: Buffer | null,
  start: number,
  end: number,
): number {
  if (bytes === null) return writeVarint(target, NONE, position)
  return copyRange(target, writeVarint(target, end - start, position), bytes, start, end)
}

function copyRange(
  target: Buffer,
  position: number,
  bytes: Buffer,
  start: number,
  end: number,
): number {
  const size = end - start
  if (size > COPY_LOOP_BYTES_MAX) bytes.copy(target, position, start, end)
  else
    for (let index = 0; index < size; index += 1)
      target[position + index] = bytes[start + index] ?? 0
  return position + size
}
