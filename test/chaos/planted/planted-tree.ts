import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import type { PlantedBug } from './bugs.ts'

const ROOT = join(import.meta.dirname, '..', '..', '..')
/** Where the workspaces are, and what their processes read besides. */
const COPIED = ['packages', 'services', 'test/chaos', 'migrations', 'package.json'] as const

/** A copy of the repository's programs, in which a bug is planted. The caller removes it. */
export async function plantedTree(bug: PlantedBug | null): Promise<string> {
  const tree = await mkdtemp(join(tmpdir(), 'courant-planted-'))
  const filter = (path: string): boolean => basename(path) !== 'node_modules'
  for (const part of COPIED) {
    await cp(join(ROOT, part), join(tree, part), { recursive: true, filter })
  }
  await linkModules(tree)
  if (bug === null) return tree
  const path = join(tree, bug.file)
  const source = await readFile(path, 'utf8')
  if (source.split(bug.find).length !== 2) {
    await rm(tree, { recursive: true, force: true })
    throw new Error(`not one such place in ${bug.file}`)
  }
  await writeFile(
    path,
    source.replace(bug.find, () => bug.replace),
  )
  return tree
}

/** Foreign modules where they are, our own from the copy. */
async function linkModules(tree: string): Promise<void> {
  const modules = join(tree, 'node_modules')
  await mkdir(join(modules, '@courant'), { recursive: true })
  for (const name of await readdir(join(ROOT, 'node_modules'))) {
    if (name !== '@courant') await symlink(join(ROOT, 'node_modules', name), join(modules, name))
  }
  for (const folder of ['packages', 'services']) {
    for (const name of await readdir(join(tree, folder))) {
      await symlink(join(tree, folder, name), join(modules, '@courant', name))
    }
  }
}
