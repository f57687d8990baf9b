/**
 * CRC-32C (Castagnoli). A call into the native library costs some 230 ns whatever the size, so
 * short inputs are computed here, eight bytes a step (slicing-by-8), which is also the oracle in
 * tests.
 */
import { crc32c as nativeCrc32c } from '@node-rs/crc32'

/** Measured: below this the table is faster than the call. */
const NATIVE_BYTES_MIN = 150

const POLYNOMIAL_REVERSED = 0x82f63b78
const tables = makeTables()

/** Checksum of `buffer[start, end)` as an unsigned 32-bit number. */
export function crc32c(buffer: Buffer, start = 0, end: number = buffer.length): number {
  if (end - start < NATIVE_BYTES_MIN) return crc32cOfTable(buffer, start, end)
  return nativeCrc32c(buffer.subarray(start, end))
}

/** The same in JavaScript. */
export function crc32cOfTable(buffer: Buffer, start = 0, end: number = buffer.length): number {
  const table = tables
  let crc = 0xffffffff
  let position = start
  for (const stop = end - 7; position < stop; position += 8) {
    const low = crc ^ readUInt32LE(buffer, position)
    const high = readUInt32LE(buffer, position + 4)
    crc =
      at(table, 1792 + (low & 0xff)) ^
      at(table, 1536 + ((low >>> 8) & 0xff)) ^
      at(table, 1280 + ((low >>> 16) & 0xff)) ^
      at(table, 1024 + (low >>> 24)) ^
      at(table, 768 + (high & 0xff)) ^
      at(table, 512 + ((high >>> 8) & 0xff)) ^
      at(table, 256 + ((high >>> 16) & 0xff)) ^
      at(table, high >>> 24)
  }
  for (; position < end; position += 1) {
    crc = at(table, (crc ^ (buffer[position] ?? 0)) & 0xff) ^ (crc >>> 8)
  }
  return ~crc >>> 0
}

function readUInt32LE(buffer: Buffer, position: number): number {
  return (
    (buffer[position] ?? 0) |
    ((buffer[position + 1] ?? 0) << 8) |
    ((buffer[position + 2] ?? 0) << 16) |
    ((buffer[position + 3] ?? 0) << 24)
  )
}

function at(table: Uint32Array, index: number): number {
  return table[index] ?? 0
}

/** Eight tables of 256 in one array: table k is the effect of a byte that k more bytes follow. */
function makeTables(): Uint32Array {
  const table = new Uint32Array(8 * 256)
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = byte
    for (let bit = 0; bit < 8; bit += 1) {
      crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL_REVERSED : crc >>> 1
    }
    table[byte] = crc
  }
  for (let index = 256; index < table.length; index += 1) {
    const previous = at(table, index - 256)
    table[index] = at(table, previous & 0xff) ^ (previous >>> 8)
  }
  return table
}
