/** A copy of the repository in which bugs are planted, to see whether a checker finds them. */
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'

const ROOT = join(import.meta.dirname, '..', '..', '..')
const WORKSPACES = ['packages', 'services', 'test']
/** What processes read besides. */
const FILES = ['migrations', 'package.json']
const LEFT_OUT = new Set(['node_modules', 'dist', '.turbo'])

/** A piece of a source file, and what stands there when the bug is planted. */
export interface PlantedText {
  /** Below the root of the repository. */
  readonly file: string
  readonly find: string
  readonly replace: string
}

export class PlantedCopy {
  readonly root: string

  private constructor(root: string) {
    this.root = root
  }

  /** All workspaces, which find each other, and everything foreign where it is installed. */
  static async make(): Promise<PlantedCopy> {
    const root = await mkdtemp(join(tmpdir(), 'courant-planted-'))
    const filter = (path: string): boolean => !LEFT_OUT.has(basename(path))
    for (const part of [...WORKSPACES, ...FILES]) {
      await cp(join(ROOT, part), join(root, part), { recursive: true, filter })
    }
    await linkModules(root)
    return new PlantedCopy(root)
  }

  /** Returns how to take it back. Rejects where the place is not there, or not the only one. */
  async plant({ file, find, replace }: PlantedText): Promise<() => Promise<void>> {
    const path = join(this.root, file)
    const source = await readFile(path, 'utf8')
    if (source.split(find).length !== 2) throw new Error(`not one such place in ${file}`)
    await writeFile(
      path,
      source.replace(find, () => replace),
    )
    return () => writeFile(path, source)
  }

  remove(): Promise<void> {
    return rm(this.root, { recursive: true, force: true })
  }
}

async function linkModules(root: string): Promise<void> {
  const modules = join(root, 'node_modules')
  await mkdir(join(modules, '@courant'), { recursive: true })
  for (const name of await readdir(join(ROOT, 'node_modules'))) {
    if (name !== '@courant') await symlink(join(ROOT, 'node_modules', name), join(modules, name))
  }
  for (const group of WORKSPACES) {
    for (const name of await readdir(join(root, group))) {
      const workspace = join(root, group, name)
      const manifest = JSON.parse(await readFile(join(workspace, 'package.json'), 'utf8'))
      await symlink(workspace, join(modules, manifest.name))
    }
  }
}
