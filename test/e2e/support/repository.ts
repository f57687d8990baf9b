import { join } from 'node:path'

export const ROOT = join(import.meta.dirname, '..', '..', '..')

/** Nothing of our own environment but what every process needs. */
export function cleanEnvironment(): Record<string, string> {
  const { PATH = '', HOME = '', TMPDIR } = process.env
  return { PATH, HOME, ...(TMPDIR === undefined ? {} : { TMPDIR }) }
}

/** How a service is started by itself. */
export function mainOf(service: string): string[] {
  return [process.execPath, join(ROOT, 'services', service, 'src', 'main.ts')]
}
