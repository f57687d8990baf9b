import { isUtf8 } from 'node:buffer'
import { limits } from '@courant/kernel'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const COMMA = 0x2c
const COLON = 0x3a
const MINUS = 0x2d
const PLUS = 0x2b
const DOT = 0x2e
const ZERO = 0x30
const NINE = 0x39
const LOWER_E = 0x65
const LOWER_U = 0x75
const SPACE = 0x20

/** The kinds of the open levels are kept in one 32-bit word. */
const DEPTH_MAX = Math.min(limits.jsonDepthMax, 32)

/** 1 for the bytes that stand for themselves inside a string: all but controls, `"` and `\`. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= SPACE && byte !== QUOTE && byte !== BACKSLASH ? 1 : 0,
)
/** 1 for two bytes, read as one little-endian number, that are ASCII and both `PLAIN`. */
const PLAIN_PAIR = Uint8Array.from({ length: 65_536 }, (_, pair) => {
  const [low, high] = [pair & 0xff, pair >>> 8]
  return (low | high) < 0x80 && PLAIN[low] === 1 && PLAIN[high] === 1 ? 1 : 0
})
/** 1 for whitespace, and for two bytes of it, read as one number. */
const IS_SPACE = Uint8Array.from({ length: 256 }, (_, byte) =>
  ' \n\r\t'.includes(String.fromCharCode(byte)) ? 1 : 0,
)
const SPACE_PAIR = Uint8Array.from({ length: 65_536 }, (_, pair) =>
  IS_SPACE[pair & 0xff] === 1 && IS_SPACE[pair >>> 8] === 1 ? 1 : 0,
)
/** 1 for what may follow a backslash, `u` apart. */
const ESCAPED = Uint8Array.from({ length: 256 }, (_, byte) =>
  '"\\/bfnrt'.includes(String.fromCharCode(byte)) ? 1 : 0,
)
const TRUE = Buffer.from('true')
const FALSE = Buffer.from('false')
const NULL = Buffer.from('null')

/**
 * A strict JSON reader (RFC 8259) over bytes, which finds where values begin and end and builds
 * nothing. A value is kept as the bytes that were sent; parsing and printing it would damage 64-bit
 * integers, `1.0`, duplicate members and escapes. UTF-8 is the caller's to check, by `isUtf8` over
 * the whole text: `hasNonAscii` tells whether that is needed.
 *
 * Every method starts at `position` and, on success, leaves it behind what it read. On failure it
 * returns false, and `problem` says why and where. The work is done in the functions below on local
 * variables, which is twice as fast as on fields.
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

/*
 * The functions below return the position behind what they read, or -1 - position of the byte that
 * does not fit. Those that read strings shift the position by two and add what they saw.
 */
const HAS_ESCAPES = 1
const HAS_NON_ASCII = 2

function skipSpace(bytes: Buffer, view: DataView, start: number, end: number): number {
  if (start < end && (bytes[start] ?? 0) > SPACE) return start
  let position = start
  for (const stop = end - 3; position < stop; position += 4) {
    const word = view.getInt32(position, true)
    if ((SPACE_PAIR[word & 0xffff] ?? 0) === 0 || (SPACE_PAIR[word >>> 16] ?? 0) === 0) break
  }
  while (position < end && IS_SPACE[bytes[position] ?? 0] === 1) position += 1
  return position
}

/**
 * From behind the opening quote to behind the closing one; four bytes a step where they are plain.
 */
function scanString(bytes: Buffer, view: DataView, start: number, end: number): number {
  let position = start
  let seen = 0
  let flags = 0
  while (true) {
    for (const stop = end - 3; position < stop; position += 4) {
      const word = view.getInt32(position, true)
      if ((PLAIN_PAIR[word & 0xffff] ?? 0) === 0) break
      if ((PLAIN_PAIR[word >>> 16] ?? 0) === 0) break
    }
    while (position < end) {
      const byte = bytes[position] ?? 0
      if (PLAIN[byte] === 1) {
        seen |= byte
        position += 1
      } else break
    }
    if (position >= end) return -1 - end
    const byte = bytes[position]
    if (byte === QUOTE) return ((position + 1) << 2) | flags | (seen > 0x7f ? HAS_NON_ASCII : 0)
    if (byte !== BACKSLASH) return -1 - position
    position = scanEscapes(bytes, position, end)
    if (position < 0) return position
    flags = HAS_ESCAPES
  }
}

/** From a backslash over all escapes that follow each other. */
function scanEscapes(bytes: Buffer, start: number, end: number): number {
  let position = start
  do {
    if (position + 1 < end && ESCAPED[bytes[position + 1] ?? 0] === 1) position += 2
    else {
      position = scanEscape(bytes, position + 1, end)
      if (position < 0) return position
    }
  } while (position < end && bytes[position] === BACKSLASH)
  return position
}

/** What follows a backslash. */
function scanEscape(bytes: Buffer, start: number, end: number): number {
  if (start >= end) return -1 - end
  const kind = bytes[start] ?? 0
  if (ESCAPED[kind] === 1) return start + 1
  if (kind !== LOWER_U) return -1 - start
  for (let position = start + 1; position < start + 5; position += 1) {
    if (position >= end || !isHexDigit(bytes[position] ?? 0)) return -1 - Math.min(position, end)
  }
  return start + 5
}

function scanScalar(bytes: Buffer, start: number, end: number, first: number): number {
  if (first <= NINE) return scanNumber(bytes, start, end, first)
  if (first === 0x74) return scanWord(bytes, start, end, TRUE)
  if (first === 0x66) return scanWord(bytes, start, end, FALSE)
  return scanWord(bytes, start, end, NULL)
}

function scanWord(bytes: Buffer, start: number, end: number, word: Buffer): number {
  for (let index = 0; index < word.length; index += 1) {
    const position = start + index
    if (position >= end || bytes[position] !== word[index]) return -1 - position
  }
  return start + word.length
}

function scanNumber(bytes: Buffer, start: number, end: number, first: number): number {
  const whole = first === MINUS ? start + 1 : start
  let position = scanDigits(bytes, whole, end)
  if (position < 0) return position
  // A leading zero stands alone.
  if (bytes[whole] === ZERO && position > whole + 1) return -1 - (whole + 1)
  if (position < end && bytes[position] === DOT) {
    position = scanDigits(bytes, position + 1, end)
    if (position < 0) return position
  }
  if (position < end && ((bytes[position] ?? 0) | 0x20) === LOWER_E) {
    const sign = position + 1 < end ? bytes[position + 1] : 0
    position = scanDigits(bytes, position + (sign === PLUS || sign === MINUS ? 2 : 1), end)
  }
  return position
}

/** One digit or more. */
function scanDigits(bytes: Buffer, start: number, end: number): number {
  let position = start
  while (position < end) {
    const byte = bytes[position] ?? 0
    if (byte < ZERO || byte > NINE) break
    position += 1
  }
  return position === start ? -1 - start : position
}

function isHexDigit(byte: number): boolean {
  const lower = byte | 0x20
  return (byte >= ZERO && byte <= NINE) || (lower >= 0x61 && lower <= 0x66)
}

function quoted(byte: number): string {
  return `"${String.fromCharCode(byte)}"`
}

function hex(byte: number): string {
  return `0x${byte.toString(16).padStart(2, '0')}`
}
