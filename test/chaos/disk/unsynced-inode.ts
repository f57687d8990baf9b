import type { StorageFile } from '@courant/log'

/** A change of a file that no sync has covered yet. */
export type Change =
  | { readonly kind: 'write'; readonly position: number; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly size: number }

/**
 * A file of which the disk has what was synced, and this process the rest: its changes are applied
 * by `sync`, in their order, and are gone when the process is.
 */
export class UnsyncedInode {
  /** Where it lies on the disk: the name that the file had when its directory was last synced. */
  path: string
  /** What the process calls it; null once it has given the name to another file, or removed it. */
  name: string | null = null
  openCount = 0
  readonly #file: StorageFile
  #size: number
  #changes: Change[] = []
  /** Being applied; a reader still takes them from here. */
  #applying: readonly Change[] = []
  #turn: Promise<void> = Promise.resolve()

  private constructor(path: string, file: StorageFile, size: number) {
    this.path = path
    this.#file = file
    this.#size = size
  }

  static async of(path: string, file: StorageFile): Promise<UnsyncedInode> {
    return new UnsyncedInode(path, file, await file.size())
  }

  get size(): number {
    return this.#size
  }

  /** Nobody has it open, and the disk has all of it, or nobody will ever want it. */
  get isIdle(): boolean {
    if (this.openCount > 0) return false
    return this.name === null || (this.name === this.path && this.unsynced.length === 0)
  }

  /** In the order in which they were made. */
  get unsynced(): readonly Change[] {
    return [...this.#applying, ...this.#changes]
  }

  async read(into: Buffer, position: number): Promise<number> {
    const length = Math.max(0, Math.min(into.length, this.#size - position))
    const target = into.subarray(0, length)
    const changes = this.unsynced
    target.fill(0)
    await this.#file.read(target, position)
    for (const change of changes) overlay(target, position, change)
    return length
  }

  /** The caller may use the memory again at once. */
  write(chunks: readonly Buffer[], position: number): number {
    const bytes = Buffer.concat(chunks)
    this.#changes.push({ kind: 'write', position, bytes })
    this.#size = Math.max(this.#size, position + bytes.length)
    return bytes.length
  }

  truncate(size: number): void {
    this.#changes.push({ kind: 'truncate', size })
    this.#size = size
  }

  /** One after another; each covers what was changed before its call. */
  sync(): Promise<void> {
    const turn = this.#turn.then(() => this.#apply())
    this.#turn = turn.catch(() => undefined)
    return turn
  }

  async close(): Promise<void> {
    await this.#turn
    await this.#file.close()
  }

  async #apply(): Promise<void> {
    this.#applying = this.#changes
    this.#changes = []
    for (const change of this.#applying) {
      if (change.kind === 'truncate') await this.#file.truncate(change.size)
      else await writeWhole(this.#file, change.bytes, change.position)
    }
    await this.#file.sync()
    this.#applying = []
  }
}

/** Puts what a change has of the range that begins at `position` into `target`. */
function overlay(target: Buffer, position: number, change: Change): void {
  if (change.kind === 'truncate') {
    const from = Math.max(0, change.size - position)
    if (from < target.length) target.fill(0, from)
    return
  }
  const from = Math.max(position, change.position)
  const to = Math.min(position + target.length, change.position + change.bytes.length)
  if (from >= to) return
  change.bytes.copy(target, from - position, from - change.position, to - change.position)
}

async function writeWhole(file: StorageFile, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += await file.write([bytes.subarray(done)], position + done)
  }
}
