/**
 * Plants one bug after the other in a copy of the package, and lets the simulation look for it. A
 * bug that it does not find within its seeds, or whose place in the source is gone, is a failure.
 * The last line is "N passed, N failed".
 */
import { spawn } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Mutation } from './mutation.ts'
import { mutations } from './mutations.ts'

const PACKAGE = join(import.meta.dirname, '..', '..')
const MODULES = join(PACKAGE, '..', '..', 'node_modules')
/** So many at a time: the continuous integration counts on one core. */
const SEEDS_MAX = 250
const CONTROL_SEEDS = 30
const SECONDS_MAX = 40

interface Outcome {
  readonly passed: boolean
  readonly text: string
}

interface Simulated {
  readonly output: string
  readonly seconds: number
}

const only = process.argv[2]
const chosen = mutations.filter(({ name }) => only === undefined || name.includes(only))
const outcomes = [await control()]
for (const mutation of chosen) outcomes.push(await plant(mutation))
const failed = outcomes.filter((outcome) => !outcome.passed).length
print(`${outcomes.length - failed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0

/** The unchanged copy passes, or what follows would prove nothing. */
async function control(): Promise<Outcome> {
  return await inCopy(async (root) => {
    const { output } = await simulate(root, 1, CONTROL_SEEDS)
    const passed = output.endsWith(`${CONTROL_SEEDS} passed, 0 failed\n`)
    return report(passed, 'nothing planted', passed ? 'nothing found' : output)
  })
}

async function plant(mutation: Mutation): Promise<Outcome> {
  const { name, file, find, replace, firstSeed = 1 } = mutation
  return await inCopy(async (root) => {
    const path = join(root, 'src', file)
    const source = await readFile(path, 'utf8')
    if (source.split(find).length !== 2) return report(false, name, `not one such place in ${file}`)
    await writeFile(
      path,
      source.replace(find, () => replace),
    )
    const { output, seconds } = await simulate(root, firstSeed, SEEDS_MAX)
    const seed = /^(seed \d+|directed) failed/m.exec(output)?.[1]
    const text = seed === undefined ? `not found: ${output}` : `${seed}, ${seconds.toFixed(1)} s`
    return report(seed !== undefined, name, text)
  })
}

async function inCopy(action: (root: string) => Promise<Outcome>): Promise<Outcome> {
  const root = await mkdtemp(join(tmpdir(), 'courant-planted-'))
  try {
    await cp(join(PACKAGE, 'src'), join(root, 'src'), { recursive: true })
    await cp(join(PACKAGE, 'test'), join(root, 'test'), { recursive: true })
    await cp(join(PACKAGE, 'package.json'), join(root, 'package.json'))
    await symlink(MODULES, join(root, 'node_modules'))
    return await action(root)
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

async function simulate(root: string, firstSeed: number, seeds: number): Promise<Simulated> {
  const started = performance.now()
  const script = join(root, 'test', 'long-run.ts')
  const range = ['--first-seed', `${firstSeed}`, '--seeds', `${seeds}`]
  const child = spawn(process.execPath, [script, ...range, '--stop-at-failure'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: SECONDS_MAX * 1000,
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8')
    stream.on('data', (text: string) => {
      output += text
    })
  }
  await new Promise((resolve) => child.on('close', resolve))
  return { output, seconds: (performance.now() - started) / 1000 }
}

function report(passed: boolean, name: string, text: string): Outcome {
  print(`${passed ? 'ok  ' : 'FAIL'} ${name}: ${text}`)
  return { passed, text }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
