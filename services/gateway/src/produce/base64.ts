const PADDING = 0x3d
const MINUS = 0x2d
const UNDERSCORE = 0x5f

/**
 * Decodes `bytes[start, end)`, base64 with its padding (RFC 4648, 4), to `target` from `at` on. It
 * returns the position behind what was written, or -1 where the text is anything else. Node's
 * decoder skips what it does not know, so a misspelt value would be stored as another one without a
 * word; but what it skips shows in the size. Only `-` and `_` it takes for others. A walk over the
 * text in JavaScript would take ten times as long.
 */
export function decodeBase64(
  bytes: Buffer,
  start: number,
  end: number,
  target: Buffer,
  at: number,
): number {
  const size = end - start
  if (size % 4 !== 0) return -1
  const text = bytes.subarray(start, end)
  if (text.includes(MINUS) || text.includes(UNDERSCORE)) return -1
  const expected = decodedSize(bytes, start, end)
  if (target.write(text.toString('latin1'), at, 'base64') !== expected) return -1
  return at + expected
}

/** The same in a buffer of its own; null where the text is anything else. */
export function base64Bytes(bytes: Buffer, start: number, end: number): Buffer | null {
  const target = Buffer.allocUnsafe(Math.ceil(((end - start) * 3) / 4))
  const size = decodeBase64(bytes, start, end, target, 0)
  return size < 0 ? null : target.subarray(0, size)
}

/** Bytes that valid base64 stands for. */
function decodedSize(bytes: Buffer, start: number, end: number): number {
  const whole = ((end - start) / 4) * 3
  if (end === start || bytes[end - 1] !== PADDING) return whole
  return whole - (bytes[end - 2] === PADDING ? 2 : 1)
}
