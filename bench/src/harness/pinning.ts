import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'

/**
 * `server` runs what is measured, `load` everything else. `all` is for what is measured as a whole
 * and shares the machine with its load.
 */
export type Core = 'server' | 'load' | 'all'

const CORE_NUMBERS: Readonly<Record<Exclude<Core, 'all'>, string>> = { server: '0', load: '1' }

/** Null where processes can be pinned; else why not, to be printed with the results. */
export const unpinnedBecause: string | null = findObstacle()

/** The command that runs `command` on its core. Without taskset it runs anywhere. */
export function pinned(core: Core, command: readonly string[]): readonly string[] {
  if (core === 'all' || unpinnedBecause !== null) return command
  return ['taskset', '-c', CORE_NUMBERS[core], ...command]
}

function findObstacle(): string | null {
  if (spawnSync('taskset', ['-V']).status !== 0) {
    return 'taskset is not installed (apt-get install util-linux): processes share the cores'
  }
  if (availableParallelism() < 2) return 'there is one core only: load and server share it'
  return null
}
