import { isUtf8 } from 'node:buffer'
import { assert } from '@courant/kernel'
import type { BufferPool } from './buffer-pool.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
/** Digits are written four at a time, from a table of all that four digits can be. */
const GROUP = 10_000
const GROUP_DIGITS = 4
const DIGITS = Int32Array.from({ length: GROUP }, (_, value) =>
  Buffer.from(String(value).padStart(GROUP_DIGITS, '0')).readInt32LE(),
)
/**
 * Constants are written eight words at a time, whatever their size, and so reach beyond their text.
 */
const CONSTANT_BYTES_MAX = 32
const SLACK_BYTES = CONSTANT_BYTES_MAX
/** Below this a loop copies faster than a call. */
const COPY_LOOP_BYTES_MAX = 24

/** 1 for the bytes that stand for themselves in a JSON string. Those of UTF-8 do. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x20 && byte !== QUOTE && byte !== BACKSLASH ? 1 : 0,
)

/** A text of the program's own, ASCII and with nothing to escape, ready to be written in words. */
type Words = readonly [number, number, number, number, number, number, number, number]

export interface Constant {
  readonly size: number
  readonly words: Words
}

/** Bytes whose memory can be used again. To give it back is not a duty. */
export interface Borrowed {
  readonly bytes: Buffer
  giveBack(): void
}

export function constant(text: string): Constant {
  assert(text.length <= CONSTANT_BYTES_MAX, 'a constant is short')
  const padded = Buffer.alloc(CONSTANT_BYTES_MAX)
  padded.write(text, 'latin1')
  const word = (index: number): number => padded.readInt32LE(index * 4)
  return {
    size: text.length,
    words: [word(0), word(1), word(2), word(3), word(4), word(5), word(6), word(7)],
  }
}

/**
 * Text of JSON, written as bytes into one growing buffer. What every record repeats is written four
 * bytes a step, through a view, which costs a third of writing it byte by byte.
 */
export class ByteWriter {
  #buffer: Buffer
  #view: DataView
  #position = 0
  readonly #pool: BufferPool | null

  /** `capacity` is a guess of the final size. */
  constructor(capacity: number, pool: BufferPool | null = null) {
    this.#pool = pool
    this.#buffer = this.#allocate(capacity + SLACK_BYTES)
    this.#view = viewOf(this.#buffer)
  }

  get size(): number {
    return this.#position
  }

  /** Drops what was written since the size was `size`. */
  backTo(size: number): void {
    assert(size <= this.#position, 'one goes back to where one was')
    this.#position = size
  }

  /** A part of what was written, in a buffer of its own. */
  copy(start: number, end: number): Buffer {
    const bytes = Buffer.allocUnsafeSlow(end - start)
    this.#buffer.copy(bytes, 0, start, end)
    return bytes
  }

  /** What was written. The writer is spent. */
  take(): Buffer {
    return this.takeBorrowed().bytes
  }

  /** The same; `giveBack` returns the memory to the pool once nobody reads the bytes any more. */
  takeBorrowed(): Borrowed {
    const whole = this.#buffer
    this.#buffer = NOTHING
    return { bytes: whole.subarray(0, this.#position), giveBack: () => this.#pool?.give(whole) }
  }

  constant({ words, size }: Constant): void {
    this.#reserve(size)
    const view = this.#view
    const position = this.#position
    view.setInt32(position, words[0], true)
    view.setInt32(position + 4, words[1], true)
    view.setInt32(position + 8, words[2], true)
    view.setInt32(position + 12, words[3], true)
    view.setInt32(position + 16, words[4], true)
    view.setInt32(position + 20, words[5], true)
    view.setInt32(position + 24, words[6], true)
    view.setInt32(position + 28, words[7], true)
    this.#position = position + size
  }

  /** Text of the program's own: ASCII, nothing to escape. */
  ascii(text: string): void {
    this.#reserve(text.length)
    this.#position += this.#buffer.write(text, this.#position, 'latin1')
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
    this.#reserve(20)
    if (value < 0) this.#buffer[this.#position++] = 0x2d
    this.#natural(value < 0 ? -value : value)
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

  #natural(value: number): void {
    if (value < GROUP) {
      const leadingZeros = value < 10 ? 3 : value < 100 ? 2 : value < 1000 ? 1 : 0
      this.#view.setInt32(this.#position, (DIGITS[value] ?? 0) >> (leadingZeros * 8), true)
      this.#position += GROUP_DIGITS - leadingZeros
      return
    }
    const high = Math.floor(value / GROUP)
    this.#natural(high)
    this.#view.setInt32(this.#position, DIGITS[value - high * GROUP] ?? 0, true)
    this.#position += GROUP_DIGITS
  }

  /** Room for `size` bytes and for the slack of the last word. */
  #reserve(size: number): void {
    const end = this.#position + size + SLACK_BYTES
    if (end <= this.#buffer.length) return
    const larger = this.#allocate(Math.max(end, this.#buffer.length * 2))
    this.#buffer.copy(larger, 0, 0, this.#position)
    this.#pool?.give(this.#buffer)
    this.#buffer = larger
    this.#view = viewOf(larger)
  }

  #allocate(size: number): Buffer {
    return this.#pool?.take(size) ?? Buffer.allocUnsafeSlow(size)
  }
}

function viewOf({ buffer, byteOffset, length }: Buffer): DataView {
  return new DataView(buffer, byteOffset, length)
}

const NOTHING = Buffer.alloc(0)
