/**
 * Plants one bug after the other in a copy of the package, and lets the random histories look for
 * it. A bug that they do not find, or whose place in the source is gone, is a failure. The last
 * line is "N passed, N failed".
 */
import { spawn } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Mutation, mutations } from './mutations.ts'

const PACKAGE = join(import.meta.dirname, '..', '..')
const MODULES = join(PACKAGE, '..', '..', 'node_modules')
const SEEDS_MAX = 4_000
const SECONDS_MAX = 60

const only = process.argv[2]
const chosen = mutations.filter(({ name }) => only === undefined || name.includes(only))
let failed = (await isSound()) ? 0 : 1
for (const mutation of chosen) {
  const { found, text } = await plant(mutation)
  if (!found) failed += 1
  process.stdout.write(`${found ? 'ok  ' : 'FAIL'} ${mutation.name}: ${text}\n`)
}
process.stdout.write(`${chosen.length + 1 - failed} passed, ${failed} failed\n`)
process.exitCode = failed > 0 ? 1 : 0

/** The unchanged copy passes, or what follows would prove nothing. */
async function isSound(): Promise<boolean> {
  const output = await runSeeds(PACKAGE)
  const passed = output.endsWith(`${SEEDS_MAX} passed, 0 failed\n`)
  process.stdout.write(`${passed ? 'ok  ' : 'FAIL'} nothing planted: ${output}`)
  return passed
}

async function plant({ file, find, replace }: Mutation): Promise<{ found: boolean; text: string }> {
  const root = await mkdtemp(join(tmpdir(), 'courant-planted-'))
  try {
    for (const part of ['src', 'test', 'package.json']) {
      await cp(join(PACKAGE, part), join(root, part), { recursive: true })
    }
    await symlink(MODULES, join(root, 'node_modules'))
    const path = join(root, 'src', file)
    const source = await readFile(path, 'utf8')
    if (source.split(find).length !== 2) return { found: false, text: `not one place in ${file}` }
    await writeFile(
      path,
      source.replace(find, () => replace),
    )
    const output = await runSeeds(root)
    const found = /^seed \d+ failed/.test(output)
    return { found, text: output.trim().split('\n')[0] ?? '' }
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

async function runSeeds(root: string): Promise<string> {
  const script = join(root, 'test', 'model', 'run-seeds.ts')
  const child = spawn(process.execPath, [script, String(SEEDS_MAX)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: SECONDS_MAX * 1_000,
  })
  let output = ''
  child.stdout.setEncoding('utf8')
  child.stdout.on('data', (text: string) => {
    output += text
  })
  await new Promise((resolve) => child.on('close', resolve))
  return output
}
