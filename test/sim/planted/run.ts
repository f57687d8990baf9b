/**
 * Plants one bug after the other in a copy of the workspaces, and lets the simulation look for it:
 * first with the seed that has found it before, then with the seeds that follow, for a change of
 * the schedule moves what a seed meets. A bug that none finds, or whose place in the source is
 * gone, is a failure.
 *
 *     npm run test:planted:cluster [-- part of a name]
 *
 * Two at a time, each in a copy of its own. The last line is "N passed, N failed".
 */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { PlantedCopy } from '@courant/testkit/planted-copy'
import { type Mutation, mutations } from './mutations.ts'

const COPIES = 2
const SEEDS_MAX = 150
const SECONDS_MAX = 150

const [only] = process.argv.slice(2)
const chosen = mutations.filter(({ name }) => only === undefined || name.includes(only))
const finders = new Set<number>()
let failed = 0
const copies = await Promise.all(Array.from({ length: COPIES }, () => PlantedCopy.make()))
try {
  const waiting = [...chosen]
  await Promise.all(copies.map((copy) => plantAll(copy, waiting)))
  await control(copies)
} finally {
  await Promise.all(copies.map((copy) => copy.remove()))
}
print(`${chosen.length + 1 - failed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0

async function plantAll(copy: PlantedCopy, waiting: Mutation[]): Promise<void> {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    await plantOne(copy, next)
  }
}

async function plantOne(copy: PlantedCopy, mutation: Mutation): Promise<void> {
  const { name, rule, seed } = mutation
  const begun = performance.now()
  const title = `${name} (${rule})`
  const takeBack = await copy.plant(mutation).catch((error: Error) => error.message)
  if (typeof takeBack === 'string') return tell(false, title, takeBack)
  const output = await simulate(copy, ['--first-seed', `${seed}`, '--seeds', `${SEEDS_MAX}`])
  await takeBack()
  const seconds = ((performance.now() - begun) / 1_000).toFixed(1)
  const failure = /^seed (\d+) failed.*/m.exec(output)
  if (failure === null) return tell(false, title, `not found in ${seconds} s: ${lastLine(output)}`)
  finders.add(Number(failure[1]))
  tell(true, title, `${seconds} s, ${failure[0]}`)
}

/** Without a bug the seeds that have found one pass, or they would prove nothing. */
async function control([copy]: readonly PlantedCopy[]): Promise<void> {
  if (copy === undefined || finders.size === 0) return tell(false, 'nothing planted', 'no seed')
  const seeds = [...finders].flatMap((seed) => ['--seed', `${seed}`])
  const output = await simulate(copy, ['--workers', `${COPIES}`, ...seeds])
  const isSound = output.endsWith(`${finders.size} passed, 0 failed\n`)
  tell(isSound, 'nothing planted', isSound ? `${finders.size} seeds find nothing` : output)
}

/** What the simulation has printed until its first failed seed. */
async function simulate(copy: PlantedCopy, args: readonly string[]): Promise<string> {
  const main = join(copy.root, 'test', 'sim', 'src', 'main.ts')
  const options = ['--workers', '1', ...args, '--stop-at-failure']
  const child = spawn(process.execPath, [main, ...options], {
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

function lastLine(output: string): string {
  return output.trim().split('\n').at(-1) ?? ''
}

function tell(isGood: boolean, name: string, how: string): void {
  if (!isGood) failed += 1
  print(`${isGood ? 'ok  ' : 'FAIL'} ${name}: ${how}`)
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
