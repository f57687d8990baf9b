import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const here = join(import.meta.dirname, '..')
const bin = join(here, '..', '..', 'node_modules', '.bin')

it('the committed code is what buf generates from proto/', async () => {
  const fresh = await mkdtemp(join(tmpdir(), 'courant-gen-'))
  try {
    const { PATH = '' } = process.env
    await promisify(execFile)(join(bin, 'buf'), ['generate', '../../proto', '--output', fresh], {
      cwd: here,
      env: { ...process.env, PATH: `${bin}${delimiter}${PATH}` },
    })
    const committed = await contentOf(join(here, 'src', 'gen'))
    // Made by other commands, with a check of their own.
    committed.delete('/openapi.ts')
    committed.delete('/courant-v1.json')
    expect(committed).toEqual(await contentOf(join(fresh, 'src', 'gen')))
  } finally {
    await rm(fresh, { recursive: true, force: true })
  }
})

/** Every file below a directory, by its path. */
async function contentOf(directory: string): Promise<Map<string, string>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  const read = files.map(async (file): Promise<[string, string]> => {
    const path = join(file.parentPath, file.name)
    return [path.slice(directory.length), await readFile(path, 'utf8')]
  })
  return new Map((await Promise.all(read)).sort(([a], [b]) => (a < b ? -1 : 1)))
}
