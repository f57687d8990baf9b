import { DatabaseSync } from 'node:sqlite'
import { EmbeddedPostgresError } from './error.ts'

/**
 * Keeps two processes from running one data directory. PostgreSQL's own pid file cannot: it names
 * a process that may be long dead, or alive and somebody else's. This is a lock of the operating
 * system (an exclusive transaction on an empty SQLite file, the one portable file lock that Node
 * has), so it ends with the process however that ends. Who holds it may conclude that a PostgreSQL
 * found running on the directory is a leftover.
 */
export class DirectoryLock {
  readonly #database: DatabaseSync

  /** The lock file lies beside the directory: inside, PostgreSQL would not initialise it. */
  constructor(directory: string) {
    const file = `${directory}.lock`
    this.#database = new DatabaseSync(file)
    try {
      this.#database.exec('BEGIN EXCLUSIVE')
    } catch (cause) {
      this.#database.close()
      throw new EmbeddedPostgresError(
        `Another process runs the embedded PostgreSQL of ${directory} (it holds ${file}).`,
        { cause },
      )
    }
  }

  release(): void {
    this.#database.close()
  }
}
