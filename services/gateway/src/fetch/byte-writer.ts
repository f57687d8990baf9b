import { isUtf8 } from 'node:buffer'
import { assert } from '@courant/kernel'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const ZERO = 0x30
/** Two numbers below this make any safe integer, and each of them is a small integer of V8. */
const HALF = 10_000_000
const HALF_DIGITS = 7
/** Below this a loop copies faster than a call. */
const COPY_LOOP_BYTES_MAX = 24

/** 1 for the bytes that stand for themselves in a JSON string. Those of UTF-8 do. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x20 && byte !== QUOTE && byte !== BACKSLASH ? 1 : 0,
)

/** Text of JSON, written as bytes into one growing buffer. */
export class ByteWriter {
  #buffer: Buffer
  #position = 0

  /** `capacity` is a guess of the final size. */
  constructor(capacity: number) {
    this.#buffer = Buffer.allocUnsafeSlow(capacity)
  }

  get size(): number {
    return this.#position
  }

  /** Drops what was written since the size was `size`. */
  backTo(size: number): void {
    assert(size <= this.#position, 'one goes back to where one was')
    this.#position = size
  }

  /** What was written. The writer is spent. */
  take(): Buffer {
    const bytes = this.#buffer.subarray(0, this.#position)
    this.#buffer = NOTHING
    return bytes
  }

  /** Text of the program's own: ASCII, nothing to escape. */
  ascii(text: string): void {
    const { length } = text
    this.#reserve(length)
    const buffer = this.#buffer
    const position = this.#position
    for (let index = 0; index < length; index += 1)
      buffer[position + index] = text.charCodeAt(index)
    this.#position = position + length
  }

  /** Bytes that are known to be what they have to be. */
  bytes(source: Buffer, start: number, end: number): void {
    const size = end - start
    this.#reserve(size)
    const buffer = this.#buffer
    const position = this.#position
    if (size > COPY_LOOP_BYTES_MAX) source.copy(buffer, position, start, end)
    else {
      for (let index = 0; index < size; index += 1)
        buffer[position + index] = source[start + index] ?? 0
    }
    this.#position = position + size
  }

  /** A safe integer. */
  integer(value: number): void {
    this.#reserve(17)
    let rest = value
    if (rest < 0) {
      this.#buffer[this.#position++] = 0x2d
      rest = -rest
    }
    if (rest < HALF) this.#digits(rest, 1)
    else {
      const high = Math.floor(rest / HALF)
      if (high < HALF) this.#digits(high, 1)
      else {
        this.#digits(Math.floor(high / HALF), 1)
        this.#digits(high % HALF, HALF_DIGITS)
      }
      this.#digits(rest % HALF, HALF_DIGITS)
    }
  }

  /** `bytes[start, end)` as a JSON string; false, and nothing written, when they are not UTF-8. */
  text(source: Buffer, start: number, end: number): boolean {
    let seen = 0
    let position = start
    for (; position < end; position += 1) {
      const byte = source[position] ?? 0
      if (PLAIN[byte] === 0) break
      seen |= byte
    }
    if (position === end && seen < 0x80) {
      this.#quoted(source, start, end)
      return true
    }
    const bytes = source.subarray(start, end)
    if (!isUtf8(bytes)) return false
    if (position === end) this.#quoted(source, start, end)
    else {
      const escaped = Buffer.from(JSON.stringify(bytes.toString()))
      this.bytes(escaped, 0, escaped.length)
    }
    return true
  }

  /** `bytes[start, end)` as a JSON string of base64. */
  base64(source: Buffer, start: number, end: number): void {
    const text = source.toString('base64', start, end)
    this.#reserve(text.length + 2)
    this.#buffer[this.#position++] = QUOTE
    this.#position += this.#buffer.write(text, this.#position, 'latin1')
    this.#buffer[this.#position++] = QUOTE
  }

  /** A string that is escaped as JSON wants it. */
  string(text: string): void {
    const quoted = Buffer.from(JSON.stringify(text))
    this.bytes(quoted, 0, quoted.length)
  }

  #quoted(source: Buffer, start: number, end: number): void {
    this.#reserve(end - start + 2)
    this.#buffer[this.#position++] = QUOTE
    this.bytes(source, start, end)
    this.#reserve(1)
    this.#buffer[this.#position++] = QUOTE
  }

  /** Digits of an integer below `HALF`, with zeros in front up to `digitsMin`. */
  #digits(value: number, digitsMin: number): void {
    let count = digitsMin
    for (let bound = 10 ** digitsMin; value >= bound; bound *= 10) count += 1
    const buffer = this.#buffer
    let rest = value
    for (let position = this.#position + count - 1; position >= this.#position; position -= 1) {
      const next = (rest / 10) | 0
      buffer[position] = ZERO + rest - next * 10
      rest = next
    }
    this.#position += count
  }

  #reserve(size: number): void {
    const end = this.#position + size
    if (end <= this.#buffer.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(end, this.#buffer.length * 2))
    this.#buffer.copy(larger, 0, 0, this.#position)
    this.#buffer = larger
  }
}

const NOTHING = Buffer.alloc(0)
