import { SeededRandom } from '@courant/kernel'

export const SECTOR_BYTES = 512

/** A file: what a power cut leaves for certain, and what a reader sees until then. */
export class Inode {
  synced: Buffer = Buffer.alloc(0)
  current: Buffer = Buffer.alloc(0)
  /** Sectors that a failed sync has dropped: shown as written, and not meant by later syncs. */
  readonly #dropped = new Set<number>()

  sync(): void {
    const after = Buffer.from(this.current)
    for (const at of this.#dropped) {
      if (at >= after.length) continue
      after.fill(0, at, Math.min(at + SECTOR_BYTES, after.length))
      if (at < this.synced.length) this.synced.copy(after, at, at, at + SECTOR_BYTES)
    }
    this.synced = after
  }

  failSync(): void {
    for (let at = 0; at < this.current.length; at += SECTOR_BYTES) {
      const sector = this.current.subarray(at, at + SECTOR_BYTES)
      if (!sector.equals(this.synced.subarray(at, at + SECTOR_BYTES))) this.#dropped.add(at)
    }
  }

  write(bytes: Buffer, position: number): void {
    const end = position + bytes.length
    const first = position - (position % SECTOR_BYTES)
    for (let at = first; at < end; at += SECTOR_BYTES) this.#dropped.delete(at)
    if (end > this.current.length) {
      const grown = Buffer.alloc(end)
      this.current.copy(grown)
      this.current = grown
    }
    bytes.copy(this.current, position)
  }
}

/**
 * A disk in memory. It outlives the processes that use it: a killed one leaves what it wrote in the
 * page cache, a power cut leaves any part of what was not synced.
 */
export class SimDisk {
  names = new Map<string, Inode>()
  syncedNames = new Map<string, Inode>()
  freeBytes = 1e12
  /** Runs of the ring that a process has written cycles with. */
  readonly runs = new Set<number>()

  /** The sectors and names that were not synced survive in any combination, as the seed has it. */
  powerCut(random: SeededRandom): SimDisk {
    return this.#cutPower(random, [0, 1, random.next()][random.below(3)] ?? 0)
  }

  /** Nothing survives that was not synced. */
  strictPowerCut(): SimDisk {
    return this.#cutPower(new SeededRandom(0), 0)
  }

  #cutPower(random: SeededRandom, keep: number): SimDisk {
    const after = new SimDisk()
    for (const run of this.runs) after.runs.add(run)
    for (const path of new Set([...this.names.keys(), ...this.syncedNames.keys()])) {
      const inode = (random.next() < keep ? this.names : this.syncedNames).get(path)
      if (inode !== undefined) after.#add(path, survivor(inode, random, keep))
    }
    return after
  }

  /** The disk of a machine that died this moment with nothing lost, for an experiment. */
  fork(): SimDisk {
    const copy = new SimDisk()
    for (const [path, inode] of this.names) copy.#add(path, Buffer.from(inode.current))
    return copy
  }

  flipBit(path: string, position: number, bit: number): void {
    const inode = this.names.get(path)
    if (inode === undefined) throw new Error(`no file ${path}`)
    for (const content of [inode.current, inode.synced]) {
      content.writeUInt8(content.readUInt8(position) ^ (1 << bit), position)
    }
  }

  #add(path: string, content: Buffer): void {
    const inode = new Inode()
    inode.current = content
    inode.synced = Buffer.from(content)
    this.names.set(path, inode)
    this.syncedNames.set(path, inode)
  }
}

function survivor({ synced, current }: Inode, random: SeededRandom, keep: number): Buffer {
  const size = random.next() < keep ? current.length : synced.length
  const content = Buffer.alloc(size)
  for (let at = 0; at < size; at += SECTOR_BYTES) {
    const source = random.next() < keep ? current : synced
    if (at < source.length) source.copy(content, at, at, Math.min(at + SECTOR_BYTES, size))
  }
  return content
}
