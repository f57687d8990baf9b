/**
 * Big-endian integers, byte by byte: Buffer's own methods check their arguments at each call, and
 * an append reads and writes a dozen fields of a header (115 ns by them, 40 ns by these). The
 * caller has checked that the bytes are there.
 *
 * 64-bit ones are numbers made of two halves: a BigInt costs an allocation and two to three times
 * the time. Exact within ±2^53; beyond it a read is inexact, and the checks of the batch refuse it
 * as unsafe.
 */
const TWO_TO_32 = 0x1_0000_0000

export function readInt32(buffer: Buffer, position: number): number {
  return (
    ((buffer[position] ?? 0) << 24) |
    ((buffer[position + 1] ?? 0) << 16) |
    ((buffer[position + 2] ?? 0) << 8) |
    (buffer[position + 3] ?? 0)
  )
}

/** Writes the low 32 bits of an integer. */
export function writeInt32(buffer: Buffer, value: number, position: number): void {
  buffer[position] = value >>> 24
  buffer[position + 1] = value >>> 16
  buffer[position + 2] = value >>> 8
  buffer[position + 3] = value
}

/** Reads an int64; check with `Number.isSafeInteger` what comes from outside. */
export function readInt64(buffer: Buffer, position: number): number {
  return readInt32(buffer, position) * TWO_TO_32 + (readInt32(buffer, position + 4) >>> 0)
}

/** Writes a safe integer. */
export function writeInt64(buffer: Buffer, value: number, position: number): void {
  writeInt32(buffer, Math.floor(value / TWO_TO_32), position)
  writeInt32(buffer, value, position + 4)
}
