import { assert, type Random } from '@courant/kernel'
import { readFully, replaceFile, writeFully } from '../disk/file-io.ts'
import type { Storage, StorageFile } from '../storage.ts'
import { RingCorruptError } from './ring-corrupt-error.ts'
import {
  BLOCK_BYTES,
  decodeSuperblock,
  encodeSuperblock,
  newSuperblock,
  REGION_START,
  type Superblock,
} from './ring-layout.ts'

export const RING_FILE = 'ring'

/** Creates the ring of a new data directory; it is whole on the disk when this returns. */
export async function createRingFile(
  storage: Storage,
  ringBytes: number,
  random: Random,
): Promise<void> {
  const block = encodeSuperblock(newSuperblock(ringBytes, random))
  await replaceFile(storage, '', RING_FILE, [block, block])
}

/** The newer of the two copies. Both torn is impossible in a crash: they are written in turn. */
export async function readSuperblock(file: StorageFile): Promise<Superblock> {
  const blocks = Buffer.alloc(REGION_START)
  await readFully(file, blocks, 0)
  const copies = [0, BLOCK_BYTES]
    .map((start) => decodeSuperblock(blocks.subarray(start, start + BLOCK_BYTES)))
    .filter((copy) => copy !== null)
    .sort((a, b) => b.run - a.run)
  const [newest] = copies
  if (newest === undefined) {
    throw new RingCorruptError(
      'Neither copy of the superblock of the write-ahead ring is readable.',
    )
  }
  return newest
}

/**
 * Begins a new run. The sync covers the whole file, so what recovery read, which after a kill may
 * have been in memory only, is on the disk too from here on. Both copies are written before the run
 * is used: were the second left to the past, damage to the first would hide all cycles of the run.
 */
export async function beginRun(file: StorageFile, superblock: Superblock): Promise<Superblock> {
  const next = { ...superblock, run: superblock.run + 1 }
  assert(Number.isSafeInteger(next.run))
  const block = encodeSuperblock(next)
  for (const position of [0, BLOCK_BYTES]) {
    await writeFully(file, [block], position)
    await file.sync()
  }
  return next
}
