/**
 * 64-bit integers as numbers, by two 32-bit halves: a BigInt costs an allocation and two to three
 * times the time. Exact within ±2^53; beyond it a read is inexact, and the checks of the batch
 * refuse it as unsafe.
 */
const TWO_TO_32 = 0x1_0000_0000

/** Reads an int64; check with `Number.isSafeInteger` what comes from outside. */
export function readInt64(buffer: Buffer, position: number): number {
  return buffer.readInt32BE(position) * TWO_TO_32 + buffer.readUInt32BE(position + 4)
}

/** Writes a safe integer. */
export function writeInt64(buffer: Buffer, value: number, position: number): void {
  buffer.writeInt32BE(Math.floor(value / TWO_TO_32), position)
  buffer.writeUInt32BE(value >>> 0, position + 4)
}
