/**
 * Plants one bug after the other in a copy of the workspaces, and lets the simulation of groups
 * look for it. A bug that none of the seeds finds, or whose place in the source is gone, is a
 * failure.
 *
 *     npm run test:planted:groups [-- part of a name]
 *
 * Two at a time, each in a copy of its own. The last line is "N passed, N failed".
 */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { PlantedCopy } from '@courant/testkit/planted-copy'
import { type Mutation, mutations } from './mutations.ts'

const COPIES = 2
const SEEDS_MAX = 150
const SECONDS_MAX = 60

const [part = ''] = process.argv.slice(2)
const chosen = mutations.filter(({ name }) => name.includes(part))
/** Seeds that have found a bug, by the kinds of faults that they had. */
const finders = new Map<string, { readonly only: readonly string[]; readonly seeds: Set<string> }>()
let failed = 0
const copies = await Promise.all(Array.from({ length: COPIES }, () => PlantedCopy.make()))
try {
  const waiting = [...chosen]
  await Promise.all(copies.map((copy) => plantAll(copy, waiting)))
  const [first] = copies
  if (first !== undefined) await control(first)
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
  const { name, rule, seed, only } = mutation
  const begun = performance.now()
  const title = `${name} (${rule})`
  const takeBack = await copy.plant(mutation).catch((error: Error) => error.message)
  if (typeof takeBack === 'string') return tell(false, title, takeBack)
  const output = await simulate(copy, only, ['--first-seed', `${seed}`, '--seeds', `${SEEDS_MAX}`])
  await takeBack()
  const seconds = ((performance.now() - begun) / 1_000).toFixed(1)
  const failure = /^seed (\d+) failed.*/m.exec(output)
  if (failure === null) return tell(false, title, `not found in ${seconds} s: ${lastLine(output)}`)
  const known = finders.get(only.join()) ?? { only, seeds: new Set() }
  known.seeds.add(failure[1] ?? '')
  finders.set(only.join(), known)
  tell(true, title, `${seconds} s, ${failure[0]}`)
}

/** Without a bug the seeds that have found one pass, or they would prove nothing. */
async function control(copy: PlantedCopy): Promise<void> {
  let problem = finders.size > 0 ? '' : 'no bug was found'
  let count = 0
  for (const { only, seeds } of finders.values()) {
    const list = [...seeds].flatMap((seed) => ['--seed', seed])
    const output = await simulate(copy, only, list)
    if (!output.endsWith(`${seeds.size} passed, 0 failed\n`)) problem += output
    count += seeds.size
  }
  tell(problem === '', 'nothing planted', problem || `${count} seeds find nothing`)
}

/** What the simulation has printed until its first failed seed. */
async function simulate(
  copy: PlantedCopy,
  only: readonly string[],
  args: readonly string[],
): Promise<string> {
  const main = join(copy.root, 'test', 'sim', 'groups', 'main.ts')
  const kinds = only.flatMap((kind) => ['--only', kind])
  const options = ['--workers', '1', '--stop-at-failure', ...args, ...kinds]
  const child = spawn(process.execPath, [main, ...options], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // One file differs from bug to bug: the others are compiled once.
    env: { ...process.env, NODE_COMPILE_CACHE: join(copy.root, 'compiled') },
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
