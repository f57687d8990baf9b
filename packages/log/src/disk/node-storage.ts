/** The Storage port over node:fs. The only file of the engine that knows the operating system. */
import { type FileHandle, mkdir, open, readdir, rename, rm, statfs } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { lockDirectory } from '../directory/directory-lock.ts'
import {
  type OpenMode,
  type Storage,
  type StorageFile,
  type StorageLock,
  StorageMissingError,
} from '../storage.ts'

/** Node passes at most this many buffers to one writev (IOV_MAX). */
const CHUNKS_PER_WRITE_MAX = 1024

/**
 * The directory at `root`, made when missing. The calls run on libuv's thread pool, whose default
 * of four threads would let checkpoints hold up the ring: processes set UV_THREADPOOL_SIZE to 16
 * before their first call.
 */
export async function openNodeStorage(root: string): Promise<Storage> {
  const made = await mkdir(root, { recursive: true })
  if (made !== undefined) await syncParents(resolve(root), dirname(made))
  return new NodeStorage(root)
}

/** The names of new directories must survive a power cut as what is in them does. */
async function syncParents(path: string, upTo: string): Promise<void> {
  for (let parent = dirname(path); parent.length >= upTo.length; parent = dirname(parent)) {
    await syncDirectoryAt(parent)
    if (parent === dirname(parent)) return
  }
}

class NodeStorage implements Storage {
  readonly #root: string

  constructor(root: string) {
    this.#root = root
  }

  open(path: string, mode: OpenMode): Promise<StorageFile> {
    return missing(async () => {
      const handle = await open(this.#path(path), mode === 'read' ? 'r' : 'r+').catch(
        (error: NodeJS.ErrnoException) => {
          if (mode !== 'create' || error.code !== 'ENOENT') throw error
          return open(this.#path(path), 'w+')
        },
      )
      return new NodeFile(handle)
    })
  }

  async list(directory: string): Promise<string[]> {
    try {
      return await readdir(this.#path(directory))
    } catch (error) {
      if (isMissing(error)) return []
      throw error
    }
  }

  async makeDirectory(path: string): Promise<void> {
    await mkdir(this.#path(path), { recursive: true })
  }

  rename(from: string, to: string): Promise<void> {
    return missing(() => rename(this.#path(from), this.#path(to)))
  }

  remove(path: string): Promise<void> {
    return rm(this.#path(path), { force: true })
  }

  removeDirectory(path: string): Promise<void> {
    return rm(this.#path(path), { recursive: true, force: true })
  }

  async syncDirectory(path: string): Promise<void> {
    try {
      await syncDirectoryAt(this.#path(path))
    } catch (error) {
      if (!isMissing(error)) throw error
    }
  }

  async freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(this.#root)
    return bavail * bsize
  }

  lock(): Promise<StorageLock | null> {
    return lockDirectory(this.#root)
  }

  #path(path: string): string {
    return join(this.#root, path)
  }
}

class NodeFile implements StorageFile {
  readonly #handle: FileHandle

  constructor(handle: FileHandle) {
    this.#handle = handle
  }

  async read(into: Buffer, position: number): Promise<number> {
    const { bytesRead } = await this.#handle.read(into, 0, into.length, position)
    return bytesRead
  }

  async write(chunks: readonly Buffer[], position: number): Promise<number> {
    const [first] = chunks
    if (chunks.length === 1 && first !== undefined) {
      return (await this.#handle.write(first, 0, first.length, position)).bytesWritten
    }
    const { bytesWritten } = await this.#handle.writev(
      chunks.slice(0, CHUNKS_PER_WRITE_MAX),
      position,
    )
    return bytesWritten
  }

  truncate(size: number): Promise<void> {
    return this.#handle.truncate(size)
  }

  sync(): Promise<void> {
    return this.#handle.datasync()
  }

  async size(): Promise<number> {
    return (await this.#handle.stat()).size
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}

async function syncDirectoryAt(path: string): Promise<void> {
  // Windows cannot open a directory; NTFS journals names by itself.
  if (process.platform === 'win32') return
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function missing<Result>(action: () => Promise<Result>): Promise<Result> {
  try {
    return await action()
  } catch (error) {
    if (isMissing(error)) throw new StorageMissingError('no such file', { cause: error })
    throw error
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
