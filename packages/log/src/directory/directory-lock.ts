import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { StorageLock } from '../storage.ts'

/**
 * A lock of the operating system on a data directory, which dies with the process: an exclusive
 * transaction on an empty SQLite file, because Node has no flock. A pid file was rejected: after
 * kill -9 and a reboot its number belongs to somebody else.
 */
export async function lockDirectory(directory: string): Promise<StorageLock | null> {
  const database = new DatabaseSync(join(directory, 'lock'))
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if (isBusy(error)) return null
    throw error
  }
  return {
    async release() {
      database.close()
    },
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && /database is locked|database is busy/.test(error.message)
}
