/**
 * What an earlier run left in a data directory: a pid file, and perhaps a server that still runs.
 */
import { readFile, readlink, realpath, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { systemClock, wait } from '@courant/kernel'
import type { Endpoint } from './endpoint.ts'
import { EmbeddedPostgresError } from './error.ts'
import { isAlive, type PidFile, pidFileOf } from './pid-file.ts'

const STOP_MS_MAX = 30_000
const POLL_MS = 20

/**
 * Stops a server that survived its supervisor and removes stale lock files. The caller holds the
 * directory's lock, so a server found here belongs to nobody.
 *
 * PostgreSQL judges a pid file by "does that pid live?", so after a crash and a reuse of the pid it
 * would refuse to start for ever. Here the kernel is asked whether that process works in this
 * directory; only Linux can tell, elsewhere PostgreSQL's own judgement stands.
 */
export async function clearLeftovers(dataDirectory: string, endpoint: Endpoint): Promise<void> {
  const pidFile = await pidFileOf(dataDirectory)
  if (pidFile === null) return
  if (isAlive(pidFile.pid)) {
    if (process.platform !== 'linux') return
    if (await worksIn(pidFile.pid, dataDirectory)) await stopLeftover(pidFile, dataDirectory)
  }
  await rm(join(dataDirectory, 'postmaster.pid'), { force: true })
  if (endpoint.lockFile !== null) await rm(endpoint.lockFile, { force: true })
}

async function worksIn(pid: number, directory: string): Promise<boolean> {
  const [cwd, name] = await Promise.all([
    readlink(`/proc/${pid}/cwd`).catch(() => ''),
    readFile(`/proc/${pid}/comm`, 'utf8').catch(() => ''),
  ])
  return cwd === (await realpath(directory)) && name.trim() === 'postgres'
}

/** Fast shutdown, as `stop` does it; then immediate, which costs a recovery at the next start. */
async function stopLeftover({ pid }: PidFile, directory: string): Promise<void> {
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    if (isAlive(pid)) process.kill(pid, signal)
    const deadline = systemClock.monotonicMs() + STOP_MS_MAX
    while (isAlive(pid) && systemClock.monotonicMs() < deadline) await wait(systemClock, POLL_MS)
    if (!isAlive(pid)) return
  }
  throw new EmbeddedPostgresError(
    `A PostgreSQL of an earlier run (pid ${pid}) still runs on ${directory} and does not stop.`,
  )
}
