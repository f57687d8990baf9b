import { isUtf8 } from 'node:buffer'
import { limits } from '@courant/kernel'
import {
  HAS_ESCAPES,
  HAS_NON_ASCII,
  QUOTE,
  SPACE,
  scanScalar,
  scanString,
  skipSpace,
} from './json-tokens.ts'

const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const COMMA = 0x2c
const COLON = 0x3a

/** The kinds of the open levels are kept in one 32-bit word. */
const DEPTH_MAX = Math.min(limits.jsonDepthMax, 32)

/**
 * A strict JSON reader (RFC 8259) over bytes, which finds where values begin and end and builds
 * nothing. A value is kept as the bytes that were sent; parsing and printing it would damage 64-bit
 * integers, `1.0`, duplicate members and escapes. UTF-8 is the caller's to check, by `isUtf8` over
 * the whole text: `hasNonAscii` tells whether that is needed.
 *
 * Every method starts at `position` and, on success, leaves it behind what it read. On failure it
 * returns false, and `problem` says why and where. The work is done on local variables, here and in
 * `json-tokens.ts`, which is twice as fast as on fields.
 */
export class JsonScanner {
  bytes: Buffer
  #view: DataView
  /** Where the text begins; a problem tells its place from there. */
  #start: number
  position: number
  end: number
  problem = ''
  /** Strings since the last `reset` had bytes above 0x7f. */
  hasNonAscii = false
  /** The last string that `string` read: its content, and whether it has escapes. */
  stringStart = 0
  stringEnd = 0
  stringHasEscapes = false
  /** `value` has read its share of a long value; call it again to go on. */
  isPaused = false
  /** Where a paused `value` stands: how deep, in what, and what comes next. */
  #depth = 0
  #objects = 0
  #flags = 0
  #expectsName = false

  constructor(bytes: Buffer, position = 0, end: number = bytes.length) {
    this.bytes = bytes
    this.#view = viewOf(bytes)
    this.#start = position
    this.position = position
    this.end = end
  }

  /** Turns to another text. One scanner serves many, so that none is allocated on a hot path. */
  reset(bytes: Buffer, position: number, end: number): void {
    if (bytes !== this.bytes) this.#view = viewOf(bytes)
    this.bytes = bytes
    this.#start = position
    this.position = position
    this.end = end
    this.hasNonAscii = false
    this.isPaused = false
  }

  /** The byte at `position` once whitespace is skipped; -1 at the end. */
  peek(): number {
    const { bytes, end } = this
    const position = skipSpace(bytes, this.#view, this.position, end)
    this.position = position
    return position < end ? (bytes[position] ?? 0) : -1
  }

  /** Reads a punctuation mark, whitespace before it included. */
  punctuation(expected: number): boolean {
    if (this.peek() !== expected) return this.#fail(this.position)
    this.position += 1
    return true
  }

  /** Reads a string; `stringStart` to `stringEnd` is then its content. */
  string(): boolean {
    if (this.peek() !== QUOTE) return this.#fail(this.position)
    const { bytes, end } = this
    const start = this.position + 1
    const result = scanString(bytes, this.#view, start, end)
    if (result < 0) return this.#fail(-1 - result)
    this.stringStart = start
    this.stringEnd = (result >>> 2) - 1
    this.stringHasEscapes = (result & HAS_ESCAPES) !== 0
    if ((result & HAS_NON_ASCII) !== 0) this.hasNonAscii = true
    this.position = result >>> 2
    return true
  }

  /**
   * Reads a value of any kind, as deep as the limit allows. Iterative: depth costs no stack. After
   * `bytesMax` it pauses before the next token: it returns false, and `isPaused` is true.
   */
  value(bytesMax: number = Number.POSITIVE_INFINITY): boolean {
    const { bytes, end } = this
    const view = this.#view
    const pauseAt = this.position + bytesMax
    let position = this.position
    let depth = 0
    // Bit n: is the level n deep an object?
    let objects = 0
    let flags = 0
    let inObject = false
    let expectsName = false
    if (this.isPaused) {
      this.isPaused = false
      depth = this.#depth
      objects = this.#objects
      flags = this.#flags
      expectsName = this.#expectsName
      inObject = depth > 0 && (objects & (1 << (depth - 1))) !== 0
    }
    while (true) {
      if (position > pauseAt) {
        this.#depth = depth
        this.#objects = objects
        this.#flags = flags
        this.#expectsName = expectsName
        return this.#pause(position)
      }
      let byte = bytes[position] ?? 0
      if (byte <= SPACE) {
        position = skipSpace(bytes, view, position, end)
        byte = bytes[position] ?? 0
      }
      if (position >= end) return this.#fail(end)
      if (byte === QUOTE) {
        const result = scanString(bytes, view, position + 1, end)
        if (result < 0) return this.#fail(-1 - result)
        flags |= result
        position = result >>> 2
        if (expectsName) {
          if (bytes[position] !== COLON) position = skipSpace(bytes, view, position, end)
          if (position >= end || bytes[position] !== COLON) return this.#fail(position)
          position += 1
          expectsName = false
          continue
        }
      } else if (expectsName) return this.#fail(position)
      else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        if (depth === DEPTH_MAX) return this.#failDeep()
        const inside = skipSpace(bytes, view, position + 1, end)
        if (inside >= end) return this.#fail(end)
        inObject = byte === OPEN_BRACE
        objects = inObject ? objects | (1 << depth) : objects & ~(1 << depth)
        depth += 1
        position = inside
        if (bytes[inside] !== byte + 2) {
          expectsName = inObject
          continue
        }
      } else {
        const after = scanScalar(bytes, position, end, byte)
        if (after < 0) return this.#fail(-1 - after)
        position = after
      }
      while (depth > 0) {
        let next = bytes[position] ?? 0
        if (next <= SPACE) {
          position = skipSpace(bytes, view, position, end)
          next = bytes[position] ?? 0
        }
        if (position >= end) return this.#fail(end)
        position += 1
        if (next === COMMA) break
        if (next !== (inObject ? CLOSE_BRACE : CLOSE_BRACKET)) return this.#fail(position - 1)
        depth -= 1
        inObject = depth > 0 && (objects & (1 << (depth - 1))) !== 0
      }
      if (depth === 0) break
      expectsName = inObject
    }
    if ((flags & HAS_NON_ASCII) !== 0) this.hasNonAscii = true
    this.position = position
    return true
  }

  /** Nothing but whitespace may be left. */
  finish(): boolean {
    return this.peek() === -1 || this.#fail(this.position)
  }

  #fail(position: number): false {
    this.position = position
    const byte = position < this.end ? (this.bytes[position] ?? 0) : -1
    const found = byte === -1 ? 'end' : byte > SPACE && byte < 0x7f ? quoted(byte) : hex(byte)
    this.problem = `unexpected ${found} at byte ${position - this.#start}`
    return false
  }

  #pause(position: number): false {
    this.position = position
    this.isPaused = true
    return false
  }

  #failDeep(): false {
    this.problem = `it nests deeper than ${DEPTH_MAX} levels`
    return false
  }
}

/** The same bytes, to be read four at a time. */
function viewOf({ buffer, byteOffset, length }: Buffer): DataView {
  return new DataView(buffer, byteOffset, length)
}

/**
 * Is `bytes[start, end)` one JSON text in UTF-8, within the depth limit, without spare whitespace?
 */
export function isJsonValue(
  scanner: JsonScanner,
  bytes: Buffer,
  start: number,
  end: number,
): boolean {
  if (start === end || (bytes[start] ?? 0) <= SPACE) return false
  scanner.reset(bytes, start, end)
  if (!scanner.value() || scanner.position !== end) return false
  return !scanner.hasNonAscii || isUtf8(bytes.subarray(start, end))
}

function quoted(byte: number): string {
  return `"${String.fromCharCode(byte)}"`
}

function hex(byte: number): string {
  return `0x${byte.toString(16).padStart(2, '0')}`
}
