import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { type Clock, limits, wait } from '@courant/kernel'
import { type MemberStatus, nameOf } from './member.ts'
import { mainOf } from './service-member.ts'

type LeftProcess = Pick<MemberStatus, 'role' | 'id' | 'pid'>

const POLL_MS = 50

/**
 * Waits until the services of a run that was killed have ended, which they do by themselves, and
 * kills those that do not. The caller holds the directory's lock, so they belong to nobody.
 * PostgreSQL's own start looks for its leftovers.
 */
export async function endLeftovers(
  processes: readonly LeftProcess[],
  clock: Clock,
  say: (line: string) => void,
): Promise<void> {
  const running = processes.filter(isOurs)
  if (running.length === 0) return
  const names = running.map((found) => `${nameOf(found)} (pid ${found.pid})`).join(', ')
  say(`An earlier run on this directory was killed. Waiting for the end of ${names}.`)
  // One that is stopped by SIGSTOP does not hear that its supervisor is gone.
  for (const found of running) send(found, 'SIGCONT')
  const deadline = clock.monotonicMs() + limits.shutdownMsMax
  while (running.some(isOurs)) {
    if (clock.monotonicMs() > deadline) {
      for (const found of running.filter(isOurs)) send(found, 'SIGKILL')
    }
    await wait(clock, POLL_MS)
  }
}

/** A pid may be another program's by now, so what it runs is looked at. */
function isOurs({ role, pid }: LeftProcess): boolean {
  if (pid === null || role === 'postgres') return false
  return commandOf(pid).includes(mainOf(role))
}

/** Empty where there is no such process. */
function commandOf(pid: number): string {
  if (process.platform === 'linux') {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
    } catch {
      return ''
    }
  }
  return spawnSync('ps', ['-ww', '-o', 'args=', '-p', String(pid)], { encoding: 'utf8' }).stdout
}

function send({ pid }: LeftProcess, signal: NodeJS.Signals): void {
  try {
    if (pid !== null) process.kill(pid, signal)
  } catch {
    // It has just ended.
  }
}
