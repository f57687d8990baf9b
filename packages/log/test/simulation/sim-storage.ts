import { SeededRandom } from '@courant/kernel'
import {
  type OpenMode,
  type Storage,
  type StorageFile,
  type StorageLock,
  StorageMissingError,
} from '../../src/index.ts'
import { checkRun } from './ring-monitor.ts'
import { Inode, SECTOR_BYTES, type SimDisk } from './sim-disk.ts'
import { ensure } from './violation.ts'

/** Thrown by every call from the one at which the process dies. */
class Crashed extends Error {}

/** What goes wrong, and at which call, counted from 1; where a sync is meant, at the next one. */
export interface Fault {
  readonly kind: 'crash' | 'io-error' | 'failed-sync' | 'crash-at-sync'
  readonly atCall: number
}

export const NO_FAULT: Fault = { kind: 'crash', atCall: Number.POSITIVE_INFINITY }

/** How a call passes its time, before it does what it was asked for. */
export type Pace = (call: string, random: SeededRandom) => Promise<void>

/** Every call takes some turns, so that calls of the same moment overtake each other. */
const someTurns: Pace = async (call, random) => {
  for (let turn = random.below(call === 'sync' ? 24 : 8); turn > 0; turn -= 1) await null
}

/** How one process sees a disk: slow by the seed, with short writes, until its fault. */
export class SimStorage implements Storage {
  readonly disk: SimDisk
  calls = 0
  openFiles = 0
  isLocked = false
  isDead = false
  hasFailed = false
  /** Recovery is over: what it writes to the ring are cycles of runs before its own. */
  isOpen = false
  /** The call that failed. */
  failure: { readonly what: string; readonly path: string } | null = null
  /** The next cycle of the ring loses its first sector, keeps the rest, and is the last. */
  tearNextCycle = false
  /** A digest of all calls, to tell one run from another. */
  trace = 0
  #fault: Fault
  readonly #random: SeededRandom
  readonly #pace: Pace
  #run: number | null = null

  constructor(disk: SimDisk, seed: number, fault: Fault, pace = someTurns) {
    this.disk = disk
    this.#fault = fault
    this.#random = new SeededRandom(seed)
    this.#pace = pace
  }

  /** The process is killed: what it still does reaches nothing. */
  kill(): void {
    this.isDead = true
    this.hasFailed = true
  }

  /** What happens at the next sync. */
  atNextSync(kind: 'failed-sync' | 'crash-at-sync'): void {
    this.#fault = { kind, atCall: this.calls + 1 }
  }

  async open(path: string, mode: OpenMode): Promise<StorageFile> {
    await this.#call('open', path)
    let inode = this.disk.names.get(path)
    if (inode === undefined) {
      if (mode !== 'create') throw new StorageMissingError(path)
      inode = new Inode()
      this.disk.names.set(path, inode)
    }
    this.openFiles += 1
    return this.#file(path, inode)
  }

  async list(directory: string): Promise<string[]> {
    await this.#call('list', directory)
    const prefix = `${directory}/`
    return [...this.disk.names.keys()]
      .filter((path) => path.startsWith(prefix))
      .map((path) => path.slice(prefix.length))
  }

  async makeDirectory(path: string): Promise<void> {
    await this.#call('makeDirectory', path)
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#call('rename', to)
    const inode = this.disk.names.get(from)
    if (inode === undefined) throw new StorageMissingError(from)
    this.disk.names.delete(from)
    this.disk.names.set(to, inode)
  }

  async remove(path: string): Promise<void> {
    await this.#call('remove', path)
    this.disk.names.delete(path)
  }

  async removeDirectory(path: string): Promise<void> {
    await this.#call('removeDirectory', path)
    for (const name of [...this.disk.names.keys()]) {
      if (!name.startsWith(`${path}/`)) continue
      this.disk.names.delete(name)
      // It is not atomic: the process may die in the middle.
      await this.#call('removeDirectory', name)
    }
  }

  async syncDirectory(directory: string): Promise<void> {
    await this.#call('syncDirectory', directory)
    const { names, syncedNames } = this.disk
    for (const path of new Set([...names.keys(), ...syncedNames.keys()])) {
      if (path.slice(0, Math.max(0, path.lastIndexOf('/'))) !== directory) continue
      const inode = names.get(path)
      if (inode === undefined) syncedNames.delete(path)
      else syncedNames.set(path, inode)
    }
  }

  async freeBytes(): Promise<number> {
    await null
    return this.disk.freeBytes
  }

  async lock(): Promise<StorageLock | null> {
    if (this.isLocked) return null
    this.isLocked = true
    return {
      release: async () => {
        this.isLocked = false
      },
    }
  }

  #file(path: string, inode: Inode): StorageFile {
    let isOpen = true
    return {
      read: async (into, position) => {
        await this.#call('read', path, position, into.length)
        return position < inode.current.length ? inode.current.copy(into, 0, position) : 0
      },
      write: async (chunks, position) => {
        const all = Buffer.concat(chunks)
        const isShort = all.length > 1 && this.#random.below(8) === 0
        const bytes = isShort ? all.subarray(0, 1 + this.#random.below(all.length - 1)) : all
        if (path === 'ring' && this.isOpen)
          this.#run = checkRun(this.disk, inode, all, position, this.#run)
        if (this.tearNextCycle && path === 'ring') return this.#tear(inode, all, position)
        await this.#call('write', path, position, bytes.length, () => {
          // The write at which the process dies may have reached the page cache.
          if (this.#random.below(2) === 0) inode.write(bytes, position)
        })
        ensure(Buffer.concat(chunks).equals(all), 'memory is used again while it is written')
        inode.write(bytes, position)
        return bytes.length
      },
      truncate: async (size) => {
        await this.#call('truncate', path, size)
        inode.truncate(size)
      },
      sync: async () => {
        await this.#call('sync', path, 0, 0, () => {
          if (!this.#isCrash) inode.failSync()
        })
        inode.sync()
      },
      size: async () => {
        await this.#call('size', path)
        return inode.current.length
      },
      close: async () => {
        await null
        if (isOpen) this.openFiles -= 1
        isOpen = false
      },
    }
  }

  #tear(inode: Inode, bytes: Buffer, position: number): never {
    inode.write(bytes.subarray(SECTOR_BYTES), position + SECTOR_BYTES)
    inode.sync()
    this.kill()
    throw new Crashed('torn')
  }

  async #call(
    what: string,
    path: string,
    position = 0,
    bytes = 0,
    atFault: () => void = () => undefined,
  ): Promise<void> {
    this.#requireAlive()
    this.calls += 1
    const call = this.calls
    this.#note(`${what} ${path} ${position} ${bytes}`)
    await this.#pace(what, this.#random)
    this.#requireAlive()
    if (!this.#isFaultAt(call, what)) return
    atFault()
    this.hasFailed = true
    this.failure = { what, path }
    if (this.#isCrash) this.kill()
    throw new Crashed(this.#fault.kind)
  }

  get #isCrash(): boolean {
    return this.#fault.kind === 'crash' || this.#fault.kind === 'crash-at-sync'
  }

  #isFaultAt(call: number, what: string): boolean {
    const { kind, atCall } = this.#fault
    if (kind === 'crash' || kind === 'io-error') return call === atCall
    return what === 'sync' && call >= atCall && !this.hasFailed
  }

  #requireAlive(): void {
    if (this.isDead) throw new Crashed('dead')
  }

  #note(text: string): void {
    for (let at = 0; at < text.length; at += 1) {
      this.trace = (Math.imul(this.trace, 31) + text.charCodeAt(at)) >>> 0
    }
  }
}
