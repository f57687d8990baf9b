import { spawnSync } from 'node:child_process'

/** Null when the programs can be run, else what is missing and how to install it. */
export function missing(programs: readonly string[], debianPackage: string): string | null {
  const absent = programs.filter((program) => spawnSync(program, ['--version']).error !== undefined)
  if (absent.length === 0) return null
  return `${absent.join(' and ')} not installed: apt-get install ${debianPackage}`
}
