const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const PADDING = 0x3d

const IN_ALPHABET = Uint8Array.from({ length: 256 }, (_, byte) =>
  ALPHABET.includes(String.fromCharCode(byte)) ? 1 : 0,
)

/**
 * Is `bytes[start, end)` base64 (RFC 4648, 4), padding included? Node's decoder skips what it does
 * not know, so a misspelt value would be stored as another one without a word.
 */
export function isBase64(bytes: Buffer, start: number, end: number): boolean {
  const size = end - start
  if (size % 4 !== 0) return false
  let last = end
  if (size > 0 && bytes[last - 1] === PADDING) last -= bytes[last - 2] === PADDING ? 2 : 1
  for (let position = start; position < last; position += 1) {
    if (IN_ALPHABET[bytes[position] ?? 0] === 0) return false
  }
  return true
}
