/** `<dataDir>/logs/<role>-<id>.log`: what a process of the cluster prints. */
import { closeSync, mkdirSync, openSync, readSync, renameSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/** At the next start of its process a longer log becomes `….log.1`, in place of an older one. */
const LOG_BYTES_MAX = 16 << 20
const TAIL_BYTES = 4_096

/** Opens it for appending. The caller closes the descriptor. */
export function openLog(path: string): number {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  if (sizeOf(path) > LOG_BYTES_MAX) renameSync(path, `${path}.1`)
  return openSync(path, 'a', 0o600)
}

/** Its last lines, for a person. */
export function tailOf(path: string, lineCount: number): string {
  const size = sizeOf(path)
  if (size === 0) return ''
  const tail = Buffer.alloc(Math.min(size, TAIL_BYTES))
  const file = openSync(path, 'r')
  try {
    const length = readSync(file, tail, 0, tail.length, size - tail.length)
    return tail.toString('utf8', 0, length).trimEnd().split('\n').slice(-lineCount).join('\n')
  } finally {
    closeSync(file)
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}
