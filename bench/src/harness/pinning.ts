import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'

/** `server` runs what is measured, `load` everything else. */
export type Core = 'server' | 'load'

const CORE_NUMBERS: Readonly<Record<Core, string>> = { server: '0', load: '1' }

/** Null where processes can be pinned; else why not, to be printed with the results. */
export const unpinnedBecause: string | null = findObstacle()

/** The command that runs `command` on one core only. Without taskset it runs anywhere. */
export function pinned(core: Core, command: readonly string[]): readonly string[] {
  return unpinnedBecause === null ? ['taskset', '-c', CORE_NUMBERS[core], ...command] : command
}

function findObstacle(): string | null {
  if (spawnSync('taskset', ['-V']).status !== 0) {
    return 'taskset is not installed (apt-get install util-linux): processes share the cores'
  }
  if (availableParallelism() < 2) return 'there is one core only: load and server share it'
  return null
}
