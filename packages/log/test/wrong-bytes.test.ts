/**
 * Goal: no bytes in any file bring the engine down. Method: files of a real directory are cut,
 * filled and scrambled; opening says what is wrong, or what opens can be read or says which part is
 * damaged.
 */
import { BusError, SeededRandom } from '@courant/kernel'
import { describe, expect, it } from 'vitest'
import { decodePartition } from '../src/checkpoint/checkpoint-record.ts'
import { RingCorruptError, understood } from '../src/ring/ring-corrupt-error.ts'
import { decodeEntries } from '../src/ring/ring-entry.ts'
import { observe } from './simulation/observe.ts'
import { NO_FAULT, SimStorage } from './simulation/sim-storage.ts'
import { findLog, PARTITIONS, someBatches, TOPIC, World } from './simulation/world.ts'

describe('a data directory with wrong bytes', () => {
  it('opens, or says that it is damaged', async () => {
    let refused = 0
    let opened = 0
    for (let seed = 1; seed <= 150; seed += 1) {
      const world = await filled(seed)
      const random = new SeededRandom(seed)
      const paths = [...world.disk.names.keys()]
      const path = world.pick([world.pick(paths), 'ring', 'checkpoints'])
      const inode = world.disk.names.get(path)
      if (inode !== undefined) inode.current = scrambled(inode.current, random)
      const storage = new SimStorage(world.disk, seed, NO_FAULT)
      try {
        const directory = await world.openOn(storage)
        opened += 1
        for (const partition of PARTITIONS) {
          const log = findLog(directory, partition)
          if (log !== null) await observe(log).catch(expectReport)
        }
        await directory.close()
      } catch (error) {
        expect(error).toBeInstanceOf(RingCorruptError)
        refused += 1
      }
      expect(storage.openFiles).toBe(0)
    }
    expect(Math.min(opened, refused)).toBeGreaterThan(5)
  })

  it('reads nonsense with a right checksum as damage too', () => {
    const random = new SeededRandom(5)
    for (let run = 0; run < 2_000; run += 1) {
      const bytes = Buffer.from(random.bytes(random.below(200)))
      const decoders: (() => unknown)[] = [
        () => [...decodeEntries(bytes)],
        () => decodePartition(bytes),
      ]
      for (const decode of decoders) {
        try {
          understood('a test', decode)
        } catch (error) {
          expect(error).toBeInstanceOf(RingCorruptError)
        }
      }
    }
  })
})

async function filled(seed: number): Promise<World> {
  const world = new World(seed)
  const directory = await world.openOn(new SimStorage(world.disk, seed, NO_FAULT))
  for (let round = 0; round < 12; round += 1) {
    const log = await directory.create(TOPIC, world.pick(PARTITIONS) as never, world.config)
    const { bytes } = someBatches(world, 0, 0)
    await log.append({ batches: bytes, leaderEpoch: 0 as never }).durable
    if (round === 8) await directory.checkpoint()
  }
  await directory.close()
  return world
}

function scrambled(content: Buffer, random: SeededRandom): Buffer {
  const kind = random.below(3)
  if (kind === 0) return Buffer.from(content.subarray(0, random.below(content.length + 1)))
  const start = random.below(content.length + 1)
  const end = Math.min(content.length, start + random.below(8_192))
  const copy = Buffer.from(content)
  if (kind === 1) copy.fill(0, start, end)
  else copy.set(random.bytes(end - start), start)
  return copy
}

function expectReport(error: unknown): void {
  const code = error instanceof BusError ? error.code : String(error)
  expect(['STORAGE_CORRUPT', 'CORRUPT_MESSAGE']).toContain(code)
}
