/**
 * Plants one bug after the other in a copy of the package, and lets the random histories look for
 * it, then the examples. A bug that none finds, or whose place in the source is gone, is a failure.
 * The last line is "N passed, N failed".
 */
import { spawn } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Mutation, mutations } from './mutations.ts'

const PACKAGE = join(import.meta.dirname, '..', '..')
const MODULES = join(PACKAGE, '..', '..', 'node_modules')
const SEEDS_MAX = 1_000
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
    const history = /^seed \d+ failed.*/.exec(await runSeeds(root))?.[0]
    if (history !== undefined) return { found: true, text: history }
    const example = /FAIL .*/.exec(await runExamples(root))?.[0]
    return { found: example !== undefined, text: example ?? 'not found' }
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

function runSeeds(root: string): Promise<string> {
  return run([join(root, 'test', 'model', 'run-seeds.ts'), String(SEEDS_MAX)])
}

function runExamples(root: string): Promise<string> {
  const vitest = join(MODULES, 'vitest', 'vitest.mjs')
  return run([vitest, 'run', '--root', root, '--no-color', 'group.test', 'assignors.test'])
}

async function run(args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: SECONDS_MAX * 1_000,
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8')
    stream.on('data', (text: string) => {
      output += text
    })
  }
  await new Promise((resolve) => child.on('close', resolve))
  return output
}
