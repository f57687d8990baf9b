import {
  BLOCK_BYTES,
  decodeSuperblock,
  REGION_START,
  readUInt64,
} from '../../src/ring/ring-layout.ts'
import type { Inode, SimDisk } from './sim-disk.ts'
import { Violation } from './violation.ts'

const RUN = 16

/**
 * Watches the writes to the ring: a process writes cycles of one run, which no process before it
 * has used, and which the superblock on the disk had reached before the first of them.
 */
export function checkRun(
  disk: SimDisk,
  ring: Inode,
  bytes: Buffer,
  position: number,
  known: number | null,
): number | null {
  const isCycle = position >= REGION_START && position % BLOCK_BYTES === 0 && !isZero(bytes)
  if (!isCycle) return known
  const run = readUInt64(bytes, RUN)
  // The rest of a cycle whose write was cut short begins anywhere; by chance at a block.
  if (known !== null) return known
  if (disk.runs.has(run)) throw new Violation(`run ${run} of the ring is used a second time`)
  const copies = [0, BLOCK_BYTES].map((at) => decodeSuperblock(ring.synced.subarray(at)))
  if (!copies.every((copy) => copy?.run === run)) {
    throw new Violation(`run ${run} of the ring began before its superblock was synced`)
  }
  disk.runs.add(run)
  return run
}

function isZero(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0)
}
