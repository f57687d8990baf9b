/**
 * Plants one bug after the other in a copy of the control plane and its migrations, and runs the
 * test that must find it. A bug that the test does not find, or whose place in the source is gone,
 * is a failure. An argument chooses by name. The last line is "N passed, N failed".
 *
 * Two at a time, each in a copy of its own: a test that finds its bug by waiting in vain for half a
 * minute, as some do, leaves the processor to the other.
 */
import { spawn } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Mutation } from './mutation.ts'
import { mutations } from './mutations.ts'

const REPOSITORY = join(import.meta.dirname, '../../../..')
const SERVICE = 'services/control-plane'
const SECONDS_MAX = 120
/** All of the tests, one after the other, on a machine that others use too. */
const CONTROL_SECONDS_MAX = 600
/** Histories that the model is compared on: a bug of it may need some until it shows. */
const EQUIVALENCE_SEEDS = '12'

interface Outcome {
  /** A test that is not done in time has found nothing. */
  readonly verdict: 'passed' | 'failed' | 'out of time'
  readonly seconds: number
}

interface ChosenTests {
  readonly files: readonly string[]
  /** Parts of names. */
  readonly names: readonly string[]
  readonly secondsMax: number
}

const COPIES = 2

const only = process.argv[2]
const chosen = mutations.filter(({ name }) => only === undefined || name.includes(only))
const roots = await Promise.all(
  Array.from({ length: COPIES }, () => mkdtemp(join(tmpdir(), 'courant-planted-'))),
)
let failed = 0
try {
  for (const root of roots) await copyTo(root)
  await control()
  const waiting = [...chosen]
  await Promise.all(
    roots.map(async (root) => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        await plant(root, next)
      }
    }),
  )
} finally {
  for (const root of roots) await rm(root, { recursive: true, force: true })
}
print(`${chosen.length + 1 - failed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0

/** The unchanged copy passes, or what follows would prove nothing. */
async function control(): Promise<void> {
  const files = new Set(chosen.map(({ test: [file] }) => inService(file)))
  const names = chosen.map(({ test: [, name] }) => name)
  const tests = { files: [...files], names, secondsMax: CONTROL_SECONDS_MAX }
  const { verdict, seconds } = await test(roots[0] ?? '', tests)
  report(verdict === 'passed' ? 'ok' : `FAIL: ${verdict}`, 'nothing planted', seconds)
}

async function plant(root: string, mutation: Mutation): Promise<void> {
  const {
    name,
    file,
    find,
    replace,
    test: [testFile, part],
  } = mutation
  const path = join(root, file.startsWith('src/') ? inService(file) : file)
  const source = await readFile(path, 'utf8')
  if (source.split(find).length !== 2) return report('FAIL: its place is gone', name, 0)
  await writeFile(
    path,
    source.replace(find, () => replace),
  )
  const tests = { files: [inService(testFile)], names: [part], secondsMax: SECONDS_MAX }
  const { verdict, seconds } = await test(root, tests)
  await writeFile(path, source)
  report(verdict === 'failed' ? 'ok' : `FAIL: ${verdict}`, name, seconds)
}

function inService(file: string): string {
  return `${SERVICE}/${file}`
}

async function copyTo(directory: string): Promise<void> {
  for (const part of [`${SERVICE}/src`, `${SERVICE}/test`, `${SERVICE}/package.json`]) {
    await cp(join(REPOSITORY, part), join(directory, part), { recursive: true })
  }
  for (const part of ['migrations', 'vitest.config.ts', 'package.json']) {
    await cp(join(REPOSITORY, part), join(directory, part), { recursive: true })
  }
  await symlink(join(REPOSITORY, 'node_modules'), join(directory, 'node_modules'))
}

/** The chosen tests of the copy, up to the first that fails. */
async function test(root: string, { files, names, secondsMax }: ChosenTests): Promise<Outcome> {
  const startedMs = performance.now()
  const vitest = join(REPOSITORY, 'node_modules/vitest/vitest.mjs')
  const args = [
    vitest,
    'run',
    '--root',
    root,
    '--bail=1',
    '-t',
    names.map(escaped).join('|'),
    ...files,
  ]
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, EQUIVALENCE_SEEDS },
    stdio: 'ignore',
    timeout: secondsMax * 1_000,
  })
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  const seconds = (performance.now() - startedMs) / 1_000
  if (code === null) return { verdict: 'out of time', seconds }
  return { verdict: code === 0 ? 'passed' : 'failed', seconds }
}

/** vitest takes names as regular expressions. */
function escaped(name: string): string {
  return name.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
}

function report(verdict: string, name: string, seconds: number): void {
  if (verdict !== 'ok') failed += 1
  print(`${verdict.padEnd(4)} ${name}: ${seconds.toFixed(1)} s`)
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
