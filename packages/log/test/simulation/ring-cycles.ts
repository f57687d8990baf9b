import { readCheckpoints } from '../../src/checkpoint/checkpoint-log.ts'
import { readSuperblock } from '../../src/ring/ring-file.ts'
import { CYCLE_HEADER_BYTES } from '../../src/ring/ring-layout.ts'
import { RingReader } from '../../src/ring/ring-reader.ts'
import type { SimDisk } from './sim-disk.ts'
import { NO_FAULT, SimStorage } from './sim-storage.ts'

/** Where a cycle of the ring lies. */
export interface PlacedCycle {
  readonly position: number
  readonly bytes: number
}

/** The cycles that a recovery of this disk would replay, the oldest first. */
export async function liveCycles(disk: SimDisk): Promise<PlacedCycle[]> {
  const storage = new SimStorage(disk, 1, NO_FAULT)
  const checkpointed = await readCheckpoints(storage)
  if (checkpointed === null) return []
  const file = await storage.open('ring', 'write')
  const superblock = await readSuperblock(file)
  const cycles: PlacedCycle[] = []
  for await (const cycle of new RingReader(file, superblock, checkpointed.tail).cycles()) {
    cycles.push({ position: cycle.position, bytes: CYCLE_HEADER_BYTES + cycle.payload.length })
  }
  return cycles
}
