import { SeededRandom } from '@courant/kernel'

export const SECTOR_BYTES = 512

/**
 * A file: what a power cut leaves for certain, and what a reader sees until then. It knows which
 * sectors may differ, so that a sync costs what was written and not what the file holds.
 */
export class Inode {
  #synced: Buffer = Buffer.alloc(0)
  #current: Buffer = Buffer.alloc(0)
  /** Where the current content lives, with room to grow; zeros behind its end. */
  #room: Buffer = this.#current
  /** Where sectors begin that were written or cut since the last sync. */
  readonly #dirty = new Set<number>()
  /** Sectors that a failed sync has dropped: shown as written, and not meant by later syncs. */
  readonly #dropped = new Set<number>()

  /** A file whose content is on the disk. */
  static of(content: Buffer): Inode {
    const inode = new Inode()
    inode.#room = content
    inode.#current = content
    inode.#synced = Buffer.from(content)
    return inode
  }

  get synced(): Buffer {
    return this.#synced
  }

  get current(): Buffer {
    return this.#current
  }

  set current(content: Buffer) {
    this.#markDirty(0, Math.max(content.length, this.#current.length))
    this.#room = content
    this.#current = content
  }

  sync(): void {
    const size = this.#current.length
    if (this.#synced.length !== size) {
      const resized = Buffer.alloc(size)
      this.#synced.copy(resized)
      this.#synced = resized
    }
    for (const at of this.#dirty) {
      if (at < size) this.#current.copy(this.#synced, at, at, Math.min(at + SECTOR_BYTES, size))
    }
    this.#dirty.clear()
  }

  failSync(): void {
    for (const at of this.#dirty) {
      const sector = this.#current.subarray(at, at + SECTOR_BYTES)
      if (!sector.equals(this.#synced.subarray(at, at + SECTOR_BYTES))) this.#dropped.add(at)
    }
    for (const at of this.#dropped) this.#dirty.delete(at)
  }

  write(bytes: Buffer, position: number): void {
    const end = position + bytes.length
    for (let at = sectorOf(position); at < end; at += SECTOR_BYTES) this.#dropped.delete(at)
    this.#markDirty(position, end)
    if (end > this.#current.length) this.#grow(end)
    bytes.copy(this.#current, position)
  }

  truncate(size: number): void {
    const before = this.#current.length
    if (size >= before) return
    this.#markDirty(size, before)
    this.#current.fill(0, size)
    this.#current = this.#room.subarray(0, size)
  }

  #grow(size: number): void {
    if (size > this.#room.length) {
      const larger = Buffer.alloc(Math.max(size, 2 * this.#room.length))
      this.#current.copy(larger)
      this.#room = larger
    }
    this.#markDirty(this.#current.length, size)
    this.#current = this.#room.subarray(0, size)
  }

  #markDirty(from: number, to: number): void {
    for (let at = sectorOf(from); at < to; at += SECTOR_BYTES) {
      if (!this.#dropped.has(at)) this.#dirty.add(at)
    }
  }
}

function sectorOf(position: number): number {
  return position - (position % SECTOR_BYTES)
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
    const inode = Inode.of(content)
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
