import { assert, BusError, type LeaderEpoch, limits, type Offset } from '@courant/kernel'
import { type Compression, compressionOf } from './compression.ts'
import { crc32c } from './crc32c.ts'
import { readInt32, readInt64, writeInt32, writeInt64 } from './integers.ts'
import {
  ATTRIBUTES,
  BASE_OFFSET,
  BASE_SEQUENCE,
  BASE_TIMESTAMP,
  BATCH_HEADER_BYTES,
  BATCH_LENGTH,
  BATCH_PREFIX_BYTES,
  COMPRESSION_MASK,
  CONTROL_BIT,
  CRC,
  LAST_OFFSET_DELTA,
  LOG_APPEND_TIME_BIT,
  MAGIC,
  MAGIC_V2,
  MAX_TIMESTAMP,
  NONE,
  PARTITION_LEADER_EPOCH,
  PRODUCER_EPOCH,
  PRODUCER_ID,
  RECORD_BYTES_MIN,
  RECORD_COUNT,
  TRANSACTIONAL_BIT,
} from './layout.ts'

/**
 * A record batch where it lies: a view of `buffer` from `position`. Getters read the bytes, nothing
 * is decoded or copied, and the stamps write in place. The header must be in the buffer; the
 * records need not be (a log reads headers alone), except for what says so. Nothing here is known
 * to be true of the bytes until `verify` has passed.
 */
export class RecordBatch {
  readonly buffer: Buffer
  readonly position: number

  constructor(buffer: Buffer, position = 0) {
    if (position < 0 || buffer.length - position < BATCH_HEADER_BYTES) {
      throw new BusError('CORRUPT_MESSAGE', 'The record batch ends within its header.')
    }
    this.buffer = buffer
    this.position = position
  }

  get baseOffset(): Offset {
    return readInt64(this.buffer, this.position + BASE_OFFSET) as Offset
  }

  /** Bytes of the whole batch, header included, as the header claims. */
  get size(): number {
    return readInt32(this.buffer, this.position + BATCH_LENGTH) + BATCH_PREFIX_BYTES
  }

  get partitionLeaderEpoch(): LeaderEpoch {
    return readInt32(this.buffer, this.position + PARTITION_LEADER_EPOCH) as LeaderEpoch
  }

  get magic(): number {
    return this.buffer.readInt8(this.position + MAGIC)
  }

  get crc(): number {
    return readInt32(this.buffer, this.position + CRC) >>> 0
  }

  get attributes(): number {
    return this.buffer.readInt16BE(this.position + ATTRIBUTES)
  }

  get lastOffsetDelta(): number {
    return readInt32(this.buffer, this.position + LAST_OFFSET_DELTA)
  }

  /** Timestamp that the records' deltas count from: that of the first record when it was built. */
  get baseTimestamp(): number {
    return readInt64(this.buffer, this.position + BASE_TIMESTAMP)
  }

  get maxTimestamp(): number {
    return readInt64(this.buffer, this.position + MAX_TIMESTAMP)
  }

  /** -1 without an idempotent producer; then epoch and sequence are -1 too. */
  get producerId(): number {
    return readInt64(this.buffer, this.position + PRODUCER_ID)
  }

  get producerEpoch(): number {
    return this.buffer.readInt16BE(this.position + PRODUCER_EPOCH)
  }

  get baseSequence(): number {
    return readInt32(this.buffer, this.position + BASE_SEQUENCE)
  }

  get recordCount(): number {
    return readInt32(this.buffer, this.position + RECORD_COUNT)
  }

  get lastOffset(): Offset {
    return (this.baseOffset + this.lastOffsetDelta) as Offset
  }

  /** Base offset of whatever follows this batch. */
  get nextOffset(): Offset {
    return (this.baseOffset + this.lastOffsetDelta + 1) as Offset
  }

  /** The sequence wraps at 2^31, as Kafka's does. */
  get lastSequence(): number {
    if (this.baseSequence === NONE) return NONE
    return (this.baseSequence + this.lastOffsetDelta) & 0x7fff_ffff
  }

  get compression(): Compression {
    return compressionOf(this.attributes & COMPRESSION_MASK)
  }

  get timestampType(): 'create' | 'append' {
    return (this.attributes & LOG_APPEND_TIME_BIT) === 0 ? 'create' : 'append'
  }

  get isTransactional(): boolean {
    return (this.attributes & TRANSACTIONAL_BIT) !== 0
  }

  /** A marker that a coordinator writes. A client that sets this bit forges one. */
  get isControl(): boolean {
    return (this.attributes & CONTROL_BIT) !== 0
  }

  /** The batch's own bytes, as a view. All of it must be in the buffer. */
  get bytes(): Buffer {
    return this.buffer.subarray(this.position, this.position + this.size)
  }

  /** Throws CORRUPT_MESSAGE unless `problem` finds none. */
  verify(batchBytesMax: number = limits.batchBytesMax): void {
    const problem = this.problem(batchBytesMax)
    if (problem !== null) throw new BusError('CORRUPT_MESSAGE', problem)
  }

  /**
   * What is wrong with a batch that must be whole in the buffer, or null: length, magic, CRC, and
   * counts and numbers that make sense. It holds for any batch of a log, compacted ones too;
   * `verifyProduced` asks more of a batch that a client made. It does not look into the records.
   */
  problem(batchBytesMax: number = limits.batchBytesMax): string | null {
    const size = this.size
    if (size < BATCH_HEADER_BYTES) return 'The length of the record batch is too small.'
    if (size > batchBytesMax) return `The record batch is larger than ${batchBytesMax} bytes.`
    if (this.position + size > this.buffer.length) return 'The record batch is cut off.'
    if (this.magic !== MAGIC_V2) return `The magic of the record batch is not ${MAGIC_V2}.`
    if (this.crc !== this.computeCrc()) return 'The checksum of the record batch is wrong.'
    return this.#numberProblem()
  }

  /** CRC-32C of everything behind the CRC field. The batch must be whole in the buffer. */
  computeCrc(): number {
    return crc32c(this.buffer, this.position + ATTRIBUTES, this.position + this.size)
  }

  /** Gives the batch its place in the log. Outside the CRC: the checksum stays as it is. */
  stampBaseOffset(baseOffset: Offset): void {
    writeInt64(this.buffer, baseOffset, this.position + BASE_OFFSET)
  }

  /** Marks the term in which the batch was appended. Outside the CRC. */
  stampLeaderEpoch(leaderEpoch: LeaderEpoch): void {
    writeInt32(this.buffer, leaderEpoch, this.position + PARTITION_LEADER_EPOCH)
  }

  /** For topics with append time: every record then has this timestamp. Renews the CRC. */
  stampLogAppendTime(timestamp: number): void {
    assert(Number.isSafeInteger(timestamp) && timestamp >= 0, 'timestamp out of range')
    const { buffer, position } = this
    buffer.writeInt16BE(this.attributes | LOG_APPEND_TIME_BIT, position + ATTRIBUTES)
    writeInt64(buffer, timestamp, position + MAX_TIMESTAMP)
    buffer.writeUInt32BE(this.computeCrc(), position + CRC)
  }

  #numberProblem(): string | null {
    const { recordCount, lastOffsetDelta } = this
    if (recordCount < 0 || recordCount > limits.batchRecordsMax) {
      return `The record count is not from 0 to ${limits.batchRecordsMax}.`
    }
    // A compacted batch keeps its last offset when the last record is gone.
    if (lastOffsetDelta < Math.max(0, recordCount - 1)) return 'The last offset delta is too small.'
    if ((this.attributes & COMPRESSION_MASK) === 0) {
      const recordsSize = this.size - BATCH_HEADER_BYTES
      if (recordCount * RECORD_BYTES_MIN > recordsSize) return 'The record count is a lie.'
    }
    if (this.baseOffset < 0 || !Number.isSafeInteger(this.nextOffset)) {
      return 'The base offset is out of range.'
    }
    if (!isTimestamp(this.baseTimestamp) || !isTimestamp(this.maxTimestamp)) {
      return 'A timestamp is out of range.'
    }
    return isProducerNumber(this.producerId) ? null : 'The producer id is out of range.'
  }
}

function isTimestamp(value: number): boolean {
  return Number.isSafeInteger(value) && value >= NONE
}

function isProducerNumber(value: number): boolean {
  return Number.isSafeInteger(value) && value >= NONE
}
