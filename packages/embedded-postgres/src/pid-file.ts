import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The lines of postmaster.pid that matter here. */
export interface PidFile {
  readonly pid: number
  /** `starting`, `ready`, `standby` or `stopping`; empty in a file that is still being written. */
  readonly status: string
}

/**
 * The file has the pid in its first line and, since PostgreSQL 10, the server's status in the
 * eighth.
 */
export async function pidFileOf(dataDirectory: string): Promise<PidFile | null> {
  const text = await readFile(join(dataDirectory, 'postmaster.pid'), 'utf8').catch(() => null)
  if (text === null) return null
  const lines = text.split('\n')
  const pid = Number(lines[0])
  if (!Number.isSafeInteger(pid) || pid <= 1) return null
  return { pid, status: (lines[7] ?? '').trim() }
}

/** A process that exists but is another user's counts as alive. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
