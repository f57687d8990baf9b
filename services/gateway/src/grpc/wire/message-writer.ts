import type { BufferPool } from '../../fetch/buffer-pool.ts'

const LOW = 2 ** 28
/** Bytes of the longest varint. */
const VARINT_BYTES_MAX = 10
/** Before the message, for the head of a field that it may become. */
const HEAD_BYTES = 6

/**
 * Writes an encoded message front to back. A nested message is written behind its length, which the
 * caller knows beforehand: to insert it afterwards would be to move what was written.
 */
export class MessageWriter {
  readonly #pool: BufferPool
  #buffer: Buffer
  #position = HEAD_BYTES

  /** `capacity` is a guess. */
  constructor(capacity: number, pool: BufferPool) {
    this.#pool = pool
    this.#buffer = pool.take(HEAD_BYTES + capacity)
  }

  get size(): number {
    return this.#position - HEAD_BYTES
  }

  /** Ends the message. Its memory is the pool's: give it back when it has been sent. */
  take(): Buffer {
    return this.#buffer.subarray(HEAD_BYTES, this.#position)
  }

  /** Ends the message as the only field of another one, whose tag has one byte. */
  takeAsField(field: number): Buffer {
    const end = this.#position
    const length = this.size
    const start = HEAD_BYTES - 1 - varintSize(length)
    this.#position = start
    this.#varint((field << 3) | 2)
    this.#varint(length)
    return this.#buffer.subarray(start, end)
  }

  /** A field of numbers; 0 is written too, as an `optional` field needs it. */
  integer(field: number, value: number): void {
    this.#reserve(2 * VARINT_BYTES_MAX)
    this.#varint(field << 3)
    this.#varint(value)
  }

  /** The beginning of a field of `length` bytes, which are to follow. */
  begin(field: number, length: number): void {
    this.#reserve(2 * VARINT_BYTES_MAX + length)
    this.#varint((field << 3) | 2)
    this.#varint(length)
  }

  /** A field that holds `source[start, end)`. */
  bytes(field: number, source: Buffer, start = 0, end: number = source.length): void {
    this.begin(field, end - start)
    // Not `set` of a `subarray`: the view that it makes costs more than to copy a small record.
    source.copy(this.#buffer, this.#position, start, end)
    this.#position += end - start
  }

  #varint(value: number): void {
    const buffer = this.#buffer
    if (value < 0) {
      this.#negative(value)
      return
    }
    let rest = value
    if (rest >= LOW) {
      const high = Math.floor(rest / LOW)
      const low = rest - high * LOW
      buffer[this.#position++] = (low & 0x7f) | 0x80
      buffer[this.#position++] = ((low >>> 7) & 0x7f) | 0x80
      buffer[this.#position++] = ((low >>> 14) & 0x7f) | 0x80
      buffer[this.#position++] = (low >>> 21) | 0x80
      rest = high
    }
    while (rest > 0x7f) {
      buffer[this.#position++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    buffer[this.#position++] = rest
  }

  /** A record without a timestamp has -1. */
  #negative(value: number): void {
    let rest = BigInt.asUintN(64, BigInt(value))
    while (rest > 0x7fn) {
      this.#buffer[this.#position++] = Number(rest & 0x7fn) | 0x80
      rest >>= 7n
    }
    this.#buffer[this.#position++] = Number(rest)
  }

  #reserve(size: number): void {
    const end = this.#position + size
    if (end <= this.#buffer.length) return
    const larger = this.#pool.take(Math.max(end, this.#buffer.length * 2))
    this.#buffer.copy(larger, 0, 0, this.#position)
    this.#pool.give(this.#buffer)
    this.#buffer = larger
  }
}

/** Bytes of a field of numbers with a tag of one byte. */
export function integerSize(value: number): number {
  return 1 + varintSize(value)
}

/** Bytes of a field that holds `length` bytes, with a tag of one byte. */
export function bytesSize(length: number): number {
  return 1 + varintSize(length) + length
}

function varintSize(value: number): number {
  if (value < 0) return VARINT_BYTES_MAX
  let size = 1
  let rest = value
  for (; rest >= LOW; rest = Math.floor(rest / LOW)) size += 4
  for (; rest > 0x7f; rest >>>= 7) size += 1
  return size
}
