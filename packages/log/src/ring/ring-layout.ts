/**
 * Bytes of the write-ahead ring. FORMAT.md has the same as tables, with the reasons.
 *
 * The file is a row of 4 KiB blocks. Blocks 0 and 1 hold two copies of the superblock; from block 2
 * to the end lies the data region, in which cycles follow one another. A cycle begins at a block
 * and never wraps: one that does not fit before the end begins at the start of the region.
 *
 * All integers are little endian; 64-bit ones are safe integers.
 */
import { assert, limits, type Random } from '@courant/kernel'
import { crc32c } from '@courant/record-batch'

export const BLOCK_BYTES = 4096
export const REGION_START: number = 2 * BLOCK_BYTES
/** Room for a few cycles; for tests, mostly. */
const RING_BYTES_MIN: number = 64 * 1024

const SUPERBLOCK_MAGIC = Buffer.from('COURANTR')
const VERSION = 1
export const SECRET_BYTES = 16

/** What identifies a ring. */
export interface Superblock {
  /** Size of the file; a multiple of a block. */
  readonly ringBytes: number
  /**
   * Random, and never outside this file: a tenant who knows this format still cannot write a value
   * that recovery would take for a cycle.
   */
  readonly secret: Buffer
  /** Raised, and synced, at each recovery before the first write. */
  readonly run: number
}

export function newSuperblock(ringBytes: number, random: Random): Superblock {
  assert(isRingSize(ringBytes), 'ring size')
  return { ringBytes, secret: Buffer.from(random.bytes(SECRET_BYTES)), run: 0 }
}

function isRingSize(bytes: number): boolean {
  return Number.isSafeInteger(bytes) && bytes % BLOCK_BYTES === 0 && bytes >= RING_BYTES_MIN
}

// crc u32, magic 8 bytes, version u32, ring bytes u64, run u64, secret
const SUPERBLOCK_BYTES = 4 + 8 + 4 + 8 + 8 + SECRET_BYTES

/** One block. There are two copies, written in turn, so that a torn write spares the other. */
export function encodeSuperblock(superblock: Superblock): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES)
  SUPERBLOCK_MAGIC.copy(block, 4)
  block.writeUInt32LE(VERSION, 12)
  writeUInt64(block, superblock.ringBytes, 16)
  writeUInt64(block, superblock.run, 24)
  superblock.secret.copy(block, 32)
  block.writeUInt32LE(crc32c(block, 4, SUPERBLOCK_BYTES), 0)
  return block
}

/** Null for a block that is torn or was never written. */
export function decodeSuperblock(block: Buffer): Superblock | null {
  if (block.length < SUPERBLOCK_BYTES) return null
  if (block.readUInt32LE(0) !== crc32c(block, 4, SUPERBLOCK_BYTES)) return null
  if (!block.subarray(4, 12).equals(SUPERBLOCK_MAGIC)) return null
  if (block.readUInt32LE(12) !== VERSION) return null
  const ringBytes = readUInt64(block, 16)
  if (!isRingSize(ringBytes) || !Number.isSafeInteger(readUInt64(block, 24))) return null
  return {
    ringBytes,
    run: readUInt64(block, 24),
    secret: Buffer.from(block.subarray(32, 32 + SECRET_BYTES)),
  }
}

// crc u32, payload bytes u32, entry count u32, zero u32, run u64, cycle u64, secret
export const CYCLE_HEADER_BYTES: number = 4 + 4 + 4 + 4 + 8 + 8 + SECRET_BYTES

export interface CycleHeader {
  readonly crc: number
  readonly payloadBytes: number
  readonly entryCount: number
  readonly run: number
  readonly cycle: number
}

/** All but the checksum, which covers everything behind itself up to the end of the payload. */
export function writeCycleHeader(
  into: Buffer,
  header: Omit<CycleHeader, 'crc'>,
  secret: Buffer,
): void {
  into.writeUInt32LE(header.payloadBytes, 4)
  into.writeUInt32LE(header.entryCount, 8)
  into.writeUInt32LE(0, 12)
  writeUInt64(into, header.run, 16)
  writeUInt64(into, header.cycle, 24)
  secret.copy(into, 32)
}

/** Null where no cycle of this ring begins. The checksum is not yet verified. */
export function readCycleHeader(from: Buffer, secret: Buffer): CycleHeader | null {
  if (from.length < CYCLE_HEADER_BYTES) return null
  if (!from.subarray(32, 32 + SECRET_BYTES).equals(secret)) return null
  return {
    crc: from.readUInt32LE(0),
    payloadBytes: from.readUInt32LE(4),
    entryCount: from.readUInt32LE(8),
    run: readUInt64(from, 16),
    cycle: readUInt64(from, 24),
  }
}

/** Bytes of the ring that a cycle takes: header and payload, padded to whole blocks. */
export function cycleBytesOnDisk(payloadBytes: number): number {
  return Math.ceil((CYCLE_HEADER_BYTES + payloadBytes) / BLOCK_BYTES) * BLOCK_BYTES
}

/**
 * What one cycle may carry. A ring has room for several, and recovery need not look far to tell a
 * torn cycle from a damaged one.
 */
export function payloadBytesMax(ringBytes: number): number {
  const quarter = Math.floor((ringBytes - REGION_START) / 4) - CYCLE_HEADER_BYTES
  return Math.min(quarter, limits.batchBytesMax + BLOCK_BYTES)
}

export function writeUInt64(into: Buffer, value: number, position: number): void {
  assert(Number.isSafeInteger(value) && value >= 0, 'unsigned 64-bit value out of range')
  into.writeUInt32LE(value % 0x1_0000_0000, position)
  into.writeUInt32LE(Math.floor(value / 0x1_0000_0000), position + 4)
}

/** A value beyond 2^53 comes out as unsafe; callers compare it with what they expect. */
export function readUInt64(from: Buffer, position: number): number {
  return from.readUInt32LE(position) + from.readUInt32LE(position + 4) * 0x1_0000_0000
}
