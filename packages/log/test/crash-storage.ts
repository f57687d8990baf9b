import { SeededRandom } from '@courant/kernel'
import {
  type OpenMode,
  type Storage,
  type StorageFile,
  type StorageLock,
  StorageMissingError,
} from '../src/index.ts'

const SECTOR = 512

/** Thrown by every call from the crash on. */
export class Crashed extends Error {}

class Inode {
  synced: Buffer = Buffer.alloc(0)
  current: Buffer = Buffer.alloc(0)
}

/** A disk in memory that stops at its nth call and forgets, by the seed, what was not synced. */
export class CrashStorage implements Storage {
  calls = 0
  readonly #crashAt: number
  readonly #names: Map<string, Inode>
  #syncedNames: Map<string, Inode>

  constructor(crashAt: number, names: Map<string, Inode> = new Map()) {
    this.#crashAt = crashAt
    this.#names = names
    this.#syncedNames = new Map(names)
  }

  /** What the next start finds: any part of the unsynced sectors, and of the unsynced names. */
  afterCrash(seed: number, crashAt: number): CrashStorage {
    const random = new SeededRandom(seed)
    const names = new Map<string, Inode>()
    for (const path of new Set([...this.#names.keys(), ...this.#syncedNames.keys()])) {
      const before = this.#syncedNames.get(path)
      const now = this.#names.get(path)
      const inode = random.next() < 0.5 ? before : now
      if (inode !== undefined) names.set(path, survivor(inode, random))
    }
    return new CrashStorage(crashAt, names)
  }

  async open(path: string, mode: OpenMode): Promise<StorageFile> {
    this.#call()
    let inode = this.#names.get(path)
    if (inode === undefined) {
      if (mode !== 'create') throw new StorageMissingError(path)
      inode = new Inode()
      this.#names.set(path, inode)
    }
    return this.#file(inode)
  }

  async list(directory: string): Promise<string[]> {
    return [...this.#names.keys()].filter((path) => path.startsWith(`${directory}/`))
  }

  async makeDirectory(): Promise<void> {
    this.#call()
  }

  async rename(from: string, to: string): Promise<void> {
    this.#call()
    const inode = this.#names.get(from)
    if (inode === undefined) throw new StorageMissingError(from)
    this.#names.delete(from)
    this.#names.set(to, inode)
  }

  async remove(path: string): Promise<void> {
    this.#call()
    this.#names.delete(path)
  }

  async removeDirectory(path: string): Promise<void> {
    this.#call()
    for (const name of [...this.#names.keys()]) {
      if (name.startsWith(`${path}/`)) this.#names.delete(name)
    }
  }

  async syncDirectory(directory: string): Promise<void> {
    this.#call()
    for (const path of new Set([...this.#names.keys(), ...this.#syncedNames.keys()])) {
      if (path.slice(0, Math.max(0, path.lastIndexOf('/'))) !== directory) continue
      const inode = this.#names.get(path)
      if (inode === undefined) this.#syncedNames.delete(path)
      else this.#syncedNames.set(path, inode)
    }
  }

  async freeBytes(): Promise<number> {
    return 1e12
  }

  async lock(): Promise<StorageLock> {
    return { release: async () => undefined }
  }

  #call(): void {
    this.calls += 1
    if (this.calls >= this.#crashAt) throw new Crashed('crashed')
  }

  #file(inode: Inode): StorageFile {
    const call = () => this.#call()
    return {
      async read(into, position) {
        await null
        return position < inode.current.length ? inode.current.copy(into, 0, position) : 0
      },
      async write(chunks, position) {
        const all = Buffer.concat(chunks)
        // A short write, now and then.
        const bytes = all.length > SECTOR && position % 3 === 1 ? all.subarray(0, SECTOR) : all
        const grown = Buffer.alloc(Math.max(inode.current.length, position + bytes.length))
        inode.current.copy(grown)
        bytes.copy(grown, position)
        inode.current = grown
        // The write at which the machine dies may be on the disk in part.
        call()
        await null
        return bytes.length
      },
      async truncate(size) {
        call()
        inode.current = Buffer.from(inode.current.subarray(0, size))
      },
      async sync() {
        call()
        await null
        inode.synced = inode.current
      },
      async size() {
        return inode.current.length
      },
      async close() {
        await null
      },
    }
  }
}

function survivor(inode: Inode, random: SeededRandom): Inode {
  const { synced, current } = inode
  const size = random.next() < 0.5 ? current.length : synced.length
  const content = Buffer.alloc(size)
  for (let at = 0; at < size; at += SECTOR) {
    const source = random.next() < 0.5 ? current : synced
    if (at < source.length) source.copy(content, at, at, Math.min(at + SECTOR, size))
  }
  const after = new Inode()
  after.synced = content
  after.current = content
  return after
}
