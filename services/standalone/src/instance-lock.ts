import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { StartError } from './start-error.ts'

/**
 * One standalone a data directory. The lock is the operating system's (an exclusive transaction on
 * an empty SQLite file), so it ends with the process however that ends; the note beside it only
 * says who holds it, and is believed only while the lock is held.
 */
export class InstanceLock {
  readonly #database: DatabaseSync
  readonly #note: string

  /** Makes the directory, closed to other users, when it is missing. */
  constructor(directory: string) {
    makeDirectory(directory)
    this.#note = join(directory, 'standalone.json')
    this.#database = new DatabaseSync(join(directory, 'standalone.lock'))
    try {
      this.#database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
    } catch (cause) {
      this.#database.close()
      throw new StartError(
        `Courant already runs on ${directory}${whoHolds(this.#note)}. Stop it first, or choose ` +
          'another directory with COURANT_DATA_DIR.',
        { cause },
      )
    }
    this.tell(null)
  }

  /** Notes who we are for a second start; `url` is null until it is known. */
  tell(url: string | null): void {
    writeFileSync(this.#note, `${JSON.stringify({ pid: process.pid, url })}\n`)
  }

  release(): void {
    rmSync(this.#note, { force: true })
    this.#database.close()
  }
}

function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    writeFileSync(join(directory, 'standalone.lock'), '', { flag: 'a' })
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new StartError(
      `The data directory ${directory} (COURANT_DATA_DIR) cannot be used: ${reason}.`,
      { cause },
    )
  }
}

function whoHolds(note: string): string {
  try {
    const { pid, url } = JSON.parse(readFileSync(note, 'utf8'))
    return url === null ? ` (pid ${pid}, starting)` : ` (pid ${pid}, ${url})`
  } catch {
    return ''
  }
}
