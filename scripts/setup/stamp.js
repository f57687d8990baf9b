/**
 * The stamp in node_modules says which package-lock.json it was installed from, and for what kind of
 * machine: a folder may be shared by two systems, and native packages fit one. The version of Node
 * is not in it: the first start runs under the machine's, every later one under the pinned Node.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'

const STAMP = join('node_modules', '.courant-setup')

/** Whether node_modules is what package-lock.json says, as far as our own last install knows. */
export function isInstalled(root) {
  const path = join(root, STAMP)
  return existsSync(path) && readFileSync(path, 'utf8') === stampOf(root)
}

/** For after an install that succeeded; the rename makes a half-written stamp impossible. */
export function markInstalled(root) {
  const path = join(root, STAMP)
  writeFileSync(`${path}.new`, stampOf(root))
  renameSync(`${path}.new`, path)
}

function stampOf(root) {
  const lock = readFileSync(join(root, 'package-lock.json'))
  const digest = createHash('sha256').update(lock).digest('hex')
  return `${digest} ${process.platform} ${process.arch}\n`
}
