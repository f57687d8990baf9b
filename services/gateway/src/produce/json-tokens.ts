/**
 * The tokens of a JSON text: functions over bytes that build nothing. They return the position
 * behind what they read, or -1 - position of the byte that does not fit. Those that read strings
 * shift the position by two and add what they saw.
 */

export const QUOTE = 0x22
export const SPACE = 0x20
const BACKSLASH = 0x5c
const MINUS = 0x2d
const PLUS = 0x2b
const DOT = 0x2e
const ZERO = 0x30
const NINE = 0x39
const LOWER_E = 0x65
const LOWER_U = 0x75

export const HAS_ESCAPES = 1
export const HAS_NON_ASCII = 2

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

export function skipSpace(bytes: Buffer, view: DataView, start: number, end: number): number {
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
export function scanString(bytes: Buffer, view: DataView, start: number, end: number): number {
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

export function scanScalar(bytes: Buffer, start: number, end: number, first: number): number {
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
