import type { OpenMode, Storage, StorageFile } from '../storage.ts'

interface OpenFile {
  readonly file: Promise<StorageFile>
  users: number
  /** Forgotten while in use: the last user closes it. */
  isForgotten: boolean
}

/**
 * Descriptors of segment files, opened when first used and closed, the least recently used first,
 * when there are too many. An idle partition has none.
 */
export class FileCache {
  readonly #storage: Storage
  readonly #filesMax: number
  /** In the order of last use. */
  readonly #files = new Map<string, OpenFile>()

  constructor(storage: Storage, filesMax: number) {
    this.#storage = storage
    this.#filesMax = filesMax
  }

  get count(): number {
    return this.#files.size
  }

  async use<Result>(
    path: string,
    mode: Exclude<OpenMode, 'read'>,
    action: (file: StorageFile) => Promise<Result>,
  ): Promise<Result> {
    const entry = this.#entry(path, mode)
    entry.users += 1
    try {
      return await action(await entry.file)
    } finally {
      entry.users -= 1
      if (entry.isForgotten && entry.users === 0) await closeQuietly(entry)
      else this.#closeSome()
    }
  }

  /** Must be called before a file is removed or replaced. */
  async forget(path: string): Promise<void> {
    const entry = this.#files.get(path)
    if (entry === undefined) return
    this.#files.delete(path)
    entry.isForgotten = true
    if (entry.users === 0) await closeQuietly(entry)
  }

  async close(): Promise<void> {
    await Promise.all([...this.#files.keys()].map((path) => this.forget(path)))
  }

  #entry(path: string, mode: OpenMode): OpenFile {
    const known = this.#files.get(path)
    if (known !== undefined) {
      this.#files.delete(path)
      this.#files.set(path, known)
      return known
    }
    const file = this.#storage.open(path, mode)
    const entry: OpenFile = { file, users: 0, isForgotten: false }
    file.catch(() => {
      if (this.#files.get(path) === entry) this.#files.delete(path)
    })
    this.#files.set(path, entry)
    return entry
  }

  #closeSome(): void {
    let excess = this.#files.size - this.#filesMax
    if (excess <= 0) return
    for (const [path, entry] of this.#files) {
      if (excess === 0) return
      if (entry.users > 0) continue
      this.#files.delete(path)
      void closeQuietly(entry)
      excess -= 1
    }
  }
}

/** What was written has been synced by whoever wrote it; a failed close changes nothing. */
async function closeQuietly(entry: OpenFile): Promise<void> {
  try {
    await (await entry.file).close()
  } catch {
    // It was never opened, or is closed already.
  }
}
