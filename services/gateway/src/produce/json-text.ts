const BACKSLASH = 0x5c
const LOWER_U = 0x75

/** What the byte behind a backslash stands for, `u` apart. */
const MEANING = new Uint8Array(256)
for (const [letter, meaning] of Object.entries({
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
})) {
  MEANING[letter.charCodeAt(0)] = meaning.charCodeAt(0)
}

/** What a hexadecimal digit stands for. */
const HEX = new Uint8Array(256)
for (let digit = 0; digit < 16; digit += 1) {
  HEX[digit.toString(16).charCodeAt(0)] = digit
  HEX[digit.toString(16).toUpperCase().charCodeAt(0)] = digit
}

/**
 * Writes the content of a JSON string as the UTF-8 that it stands for: `bytes[start, end)`, which
 * a scanner has found to be well-formed, to `target` from `at` on. It never becomes longer. Returns
 * the position behind what was written, or -1 where a surrogate lacks its pair. Done by hand,
 * because `JSON.parse` makes a string of it first and takes ten times as long over many escapes.
 */
export function unescapeText(
  bytes: Buffer,
  start: number,
  end: number,
  target: Buffer,
  at: number,
): number {
  let position = start
  let out = at
  while (position < end) {
    const byte = bytes[position] ?? 0
    if (byte !== BACKSLASH) {
      target[out] = byte
      out += 1
      position += 1
      continue
    }
    const kind = bytes[position + 1] ?? 0
    if (kind !== LOWER_U) {
      target[out] = MEANING[kind] ?? 0
      out += 1
      position += 2
      continue
    }
    let point = hexAt(bytes, position + 2)
    position += 6
    if (point >= 0xd800 && point < 0xe000) {
      const low = lowSurrogateAt(bytes, position, end)
      if (point >= 0xdc00 || low < 0) return -1
      point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00)
      position += 6
    }
    out = writeCodePoint(target, out, point)
  }
  return out
}

function lowSurrogateAt(bytes: Buffer, position: number, end: number): number {
  if (position + 6 > end || bytes[position] !== BACKSLASH) return -1
  if (bytes[position + 1] !== LOWER_U) return -1
  const unit = hexAt(bytes, position + 2)
  return unit >= 0xdc00 && unit < 0xe000 ? unit : -1
}

function hexAt(bytes: Buffer, position: number): number {
  return (
    ((HEX[bytes[position] ?? 0] ?? 0) << 12) |
    ((HEX[bytes[position + 1] ?? 0] ?? 0) << 8) |
    ((HEX[bytes[position + 2] ?? 0] ?? 0) << 4) |
    (HEX[bytes[position + 3] ?? 0] ?? 0)
  )
}

function writeCodePoint(target: Buffer, at: number, point: number): number {
  if (point < 0x80) {
    target[at] = point
    return at + 1
  }
  if (point < 0x800) {
    target[at] = 0xc0 | (point >> 6)
    target[at + 1] = 0x80 | (point & 0x3f)
    return at + 2
  }
  if (point < 0x10000) {
    target[at] = 0xe0 | (point >> 12)
    target[at + 1] = 0x80 | ((point >> 6) & 0x3f)
    target[at + 2] = 0x80 | (point & 0x3f)
    return at + 3
  }
  target[at] = 0xf0 | (point >> 18)
  target[at + 1] = 0x80 | ((point >> 12) & 0x3f)
  target[at + 2] = 0x80 | ((point >> 6) & 0x3f)
  target[at + 3] = 0x80 | (point & 0x3f)
  return at + 4
}
