/**
 * Is what is committed what `npm run generate` would write? Stubs are generated into a directory
 * beside the tree and compared, so a check never changes what it checks.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = `${import.meta.dirname}/..`
/** Written by another tool into the same directory, and checked by that. */
const TYPES = 'openapi.ts'
const DESCRIPTORS = 'courant-v1.json'

function filesOf(directory: string): Map<string, string> {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true })
  return new Map(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) => {
        const path = join(entry.parentPath, entry.name)
        return [path.slice(directory.length + 1), readFileSync(path, 'utf8')]
      }),
  )
}

function staleStubs(): string[] {
  const output = mkdtempSync(join(tmpdir(), 'courant-generated-'))
  try {
    execFileSync('buf', ['generate', '../../proto', '--output', output], { cwd: root })
    const descriptors = join(output, 'src/gen', DESCRIPTORS)
    execFileSync('npm', ['run', '--silent', 'generate:descriptors', '--', descriptors], {
      cwd: root,
    })
    const expected = filesOf(join(output, 'src/gen'))
    const committed = filesOf(join(root, 'src/gen'))
    committed.delete(TYPES)
    const names = new Set([...expected.keys(), ...committed.keys()])
    return [...names].filter((name) => expected.get(name) !== committed.get(name))
  } finally {
    rmSync(output, { recursive: true, force: true })
  }
}

function staleTypes(): string[] {
  const { status } = spawnSync('npm', ['run', '--silent', 'generate:openapi', '--', '--check'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  return status === 0 ? [] : [TYPES]
}

const stale = [...staleStubs(), ...staleTypes()]
for (const name of stale) {
  process.stderr.write(`packages/api/src/gen/${name} is out of date: run npm run generate\n`)
}
process.exitCode = stale.length === 0 ? 0 : 1
