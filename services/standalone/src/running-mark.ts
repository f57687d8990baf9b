import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Tells `scripts/setup/running-instance.js` that this process runs from the packages installed
 * here, so that nobody replaces them meanwhile. Returns what removes the mark.
 */
export function markRunning(url: string): () => void {
  const modules = join(import.meta.dirname, '..', '..', '..', 'node_modules')
  if (!existsSync(modules)) return () => {}
  const directory = join(modules, '.courant-running')
  const mark = join(directory, `${process.pid}.json`)
  try {
    mkdirSync(directory, { recursive: true })
    writeFileSync(mark, `${JSON.stringify({ pid: process.pid, url })}\n`)
  } catch {
    // Installed where this user may not write: then neither can whoever would replace it.
    return () => {}
  }
  return () => rmSync(mark, { force: true })
}
