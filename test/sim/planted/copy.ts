import { cp, mkdir, mkdtemp, readdir, readFile, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..', '..', '..')
const WORKSPACES = ['packages', 'services', 'test']
/** Of a workspace that is not needed to run the simulation. */
const LEFT_OUT = new Set(['node_modules', 'dist', '.turbo'])

/**
 * A copy of all workspaces whose own packages find each other, and everything else where it is
 * installed. Returns its root.
 */
export async function copyWorkspaces(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'courant-planted-'))
  const modules = join(root, 'node_modules')
  await mkdir(join(modules, '@courant'), { recursive: true })
  for (const name of await readdir(join(ROOT, 'node_modules'))) {
    if (name === '@courant') continue
    await symlink(join(ROOT, 'node_modules', name), join(modules, name))
  }
  for (const group of WORKSPACES) {
    for (const name of await readdir(join(ROOT, group))) {
      const from = join(ROOT, group, name)
      const to = join(root, group, name)
      await cp(from, to, {
        recursive: true,
        filter: (path) => !LEFT_OUT.has(path.slice(path.lastIndexOf('/') + 1)),
      })
      const manifest = JSON.parse(await readFile(join(to, 'package.json'), 'utf8'))
      await symlink(to, join(modules, manifest.name))
    }
  }
  return root
}
