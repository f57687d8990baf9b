import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { systemClock, wait } from '@courant/kernel'

/** Pids of the processes that the process has started and that still run. */
export async function childrenOf(pid: number): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-eo', 'pid=,ppid='])
  return stdout
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter(([, parent]) => parent === pid)
    .map(([child = 0]) => child)
    .filter((child) => isAlive(child))
}

/** Waits until none of them runs. */
export async function gone(pids: readonly number[]): Promise<void> {
  while (pids.some(isAlive)) await wait(systemClock, 20)
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
