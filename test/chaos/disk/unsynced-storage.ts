/**
 * A disk for processes that lose their power: kill -9 takes everything that was not synced, bytes
 * and names, as the Storage port allows. The page cache of the machine would have kept it.
 */
import { posix } from 'node:path'
import {
  type OpenMode,
  type Storage,
  type StorageFile,
  type StorageLock,
  StorageMissingError,
} from '@courant/log'
import { type Change, UnsyncedInode } from './unsynced-inode.ts'

/** New files lie here until their directory is synced; whatever an earlier life left is lost. */
const UNNAMED = 'unnamed'

/** A file with changes that a power cut would take, and where it lies on the disk. */
export interface Unsynced {
  readonly path: string
  readonly changes: readonly Change[]
}

export class UnsyncedStorage implements Storage {
  readonly #disk: Storage
  /** By the name that this process sees. */
  readonly #inodes = new Map<string, UnsyncedInode>()
  /** Names that the disk may still have and this process has taken away. */
  readonly #removed = new Set<string>()
  /** Changes of names by directory, in order, for its next sync. */
  readonly #renames = new Map<string, (() => Promise<void>)[]>()
  #turn: Promise<unknown> = Promise.resolve()
  #unnamedCount = 0

  private constructor(disk: Storage) {
    this.#disk = disk
  }

  static async open(disk: Storage): Promise<UnsyncedStorage> {
    await disk.removeDirectory(UNNAMED)
    await disk.makeDirectory(UNNAMED)
    return new UnsyncedStorage(disk)
  }

  /** What a power cut would take of files, in no order of files. */
  unsynced(): readonly Unsynced[] {
    return [...this.#inodes.values()].map(({ path, unsynced }) => ({ path, changes: unsynced }))
  }

  /** The power cut itself, for a process that lives on. */
  async lose(): Promise<void> {
    await Promise.all([...this.#inodes.values()].map((inode) => inode.close()))
    this.#inodes.clear()
  }

  open(path: string, mode: OpenMode): Promise<StorageFile> {
    return this.#inTurn(async () => {
      const inode = this.#inodes.get(path) ?? (await this.#find(path, mode))
      inode.openCount += 1
      return this.#handle(inode)
    })
  }

  async list(directory: string): Promise<string[]> {
    const names = new Set(await this.#disk.list(directory))
    for (const path of this.#removed) if (isIn(path, directory)) names.delete(posix.basename(path))
    for (const path of this.#inodes.keys()) {
      if (isIn(path, directory)) names.add(posix.basename(path))
    }
    if (directory === '') names.delete(UNNAMED)
    return [...names]
  }

  /** At once: a directory without a file in it tells nothing. */
  makeDirectory(path: string): Promise<void> {
    return this.#disk.makeDirectory(path)
  }

  rename(from: string, to: string): Promise<void> {
    return this.#inTurn(async () => {
      const inode = this.#inodes.get(from) ?? (await this.#find(from, 'write'))
      this.#inodes.delete(from)
      this.#removed.add(from)
      await this.#forget(to)
      this.#name(to, inode)
    })
  }

  remove(path: string): Promise<void> {
    return this.#inTurn(async () => {
      await this.#forget(path)
      this.#removed.add(path)
      this.#later(path, () => this.#disk.remove(path))
    })
  }

  /** At once: that the removal survives is as possible as that it does not. */
  removeDirectory(path: string): Promise<void> {
    return this.#inTurn(async () => {
      for (const name of this.#inodes.keys()) {
        if (name.startsWith(`${path}/`)) await this.#forget(name)
      }
      for (const directory of this.#renames.keys()) {
        if (`${directory}/`.startsWith(`${path}/`)) this.#renames.delete(directory)
      }
      await this.#disk.removeDirectory(path)
    })
  }

  syncDirectory(path: string): Promise<void> {
    return this.#inTurn(async () => {
      const renames = this.#renames.get(path) ?? []
      this.#renames.delete(path)
      for (const rename of renames) await rename()
      await this.#disk.syncDirectory(path)
      for (const [name, inode] of this.#inodes) if (isIn(name, path)) await this.#letGo(inode)
    })
  }

  freeBytes(): Promise<number> {
    return this.#disk.freeBytes()
  }

  lock(): Promise<StorageLock | null> {
    return this.#disk.lock()
  }

  /** One after another: they look at names and change them. */
  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#turn.then(work)
    this.#turn = turn.catch(() => undefined)
    return turn
  }

  async #find(path: string, mode: OpenMode): Promise<UnsyncedInode> {
    const onDisk = this.#removed.has(path) ? null : await this.#openOnDisk(path)
    if (onDisk !== null) {
      const inode = await UnsyncedInode.of(path, onDisk)
      inode.name = path
      this.#inodes.set(path, inode)
      return inode
    }
    if (mode !== 'create') throw new StorageMissingError(path)
    const unnamed = `${UNNAMED}/${this.#unnamedCount++}`
    const inode = await UnsyncedInode.of(unnamed, await this.#disk.open(unnamed, 'create'))
    this.#name(path, inode)
    return inode
  }

  async #openOnDisk(path: string): Promise<StorageFile | null> {
    try {
      return await this.#disk.open(path, 'write')
    } catch (error) {
      if (error instanceof StorageMissingError) return null
      throw error
    }
  }

  /** For this process now, on the disk when the directory is synced. */
  #name(path: string, inode: UnsyncedInode): void {
    inode.name = path
    this.#inodes.set(path, inode)
    this.#removed.delete(path)
    this.#later(path, async () => {
      await this.#disk.rename(inode.path, path)
      inode.path = path
    })
  }

  #later(path: string, change: () => Promise<void>): void {
    const directory = directoryOf(path)
    this.#renames.set(directory, [...(this.#renames.get(directory) ?? []), change])
  }

  #handle(inode: UnsyncedInode): StorageFile {
    return {
      read: (into, position) => inode.read(into, position),
      write: async (chunks, position) => inode.write(chunks, position),
      truncate: async (size) => inode.truncate(size),
      sync: () => inode.sync(),
      size: async () => inode.size,
      close: () =>
        this.#inTurn(() => {
          inode.openCount -= 1
          return this.#letGo(inode)
        }),
    }
  }

  /** The name is another file's from now on, or nobody's. */
  async #forget(path: string): Promise<void> {
    const inode = this.#inodes.get(path)
    if (inode === undefined) return
    this.#inodes.delete(path)
    inode.name = null
    await this.#letGo(inode)
  }

  async #letGo(inode: UnsyncedInode): Promise<void> {
    if (!inode.isIdle) return
    if (inode.name !== null) this.#inodes.delete(inode.name)
    await inode.close()
  }
}

function directoryOf(path: string): string {
  const directory = posix.dirname(path)
  return directory === '.' ? '' : directory
}

function isIn(path: string, directory: string): boolean {
  return directoryOf(path) === directory
}
