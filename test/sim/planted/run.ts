/**
 * Plants one bug after the other in a copy of the workspaces, and lets the simulation look for it.
 * A bug that it does not find, or whose place in the source is gone, is a failure.
 *
 *     npm run test:planted:cluster [-- part of a name]
 *
 * The last line is "N passed, N failed".
 */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { PlantedCopy } from '@courant/testkit/planted-copy'
import { type Mutation, mutations } from './mutations.ts'

const SEEDS_MAX = 2_000
/** For the unchanged copy, which must pass or what follows would prove nothing. */
const SOUND_SEEDS = 20
const SECONDS_MAX = 240

const [only] = process.argv.slice(2)
const chosen = mutations.filter(({ name }) => only === undefined || name.includes(only))
const copy = await PlantedCopy.make()
try {
  let failed = (await isSound()) ? 0 : 1
  for (const mutation of chosen) if (!(await isFound(mutation))) failed += 1
  print(`${chosen.length + 1 - failed} passed, ${failed} failed`)
  process.exitCode = failed > 0 ? 1 : 0
} finally {
  await copy.remove()
}

async function isSound(): Promise<boolean> {
  const output = await simulate(SOUND_SEEDS)
  const passed = output.endsWith(`${SOUND_SEEDS} passed, 0 failed\n`)
  print(passed ? 'ok   nothing planted' : `FAIL nothing planted: ${output}`)
  return passed
}

async function isFound(mutation: Mutation): Promise<boolean> {
  const { name } = mutation
  const takeBack = await copy.plant(mutation).catch((error: Error) => error.message)
  if (typeof takeBack === 'string') {
    print(`FAIL ${name}: ${takeBack}`)
    return false
  }
  try {
    const begun = process.hrtime.bigint()
    const failure = /^seed \d+ failed.*/m.exec(await simulate(SEEDS_MAX))?.[0]
    const seconds = (Number(process.hrtime.bigint() - begun) / 1e9).toFixed(1)
    print(failure === undefined ? `FAIL ${name}` : `ok   ${name}: ${seconds} s, ${failure}`)
    return failure !== undefined
  } finally {
    await takeBack()
  }
}

/** What the simulation printed until its first failed seed. */
async function simulate(seeds: number): Promise<string> {
  const main = join(copy.root, 'test', 'sim', 'src', 'main.ts')
  const child = spawn(process.execPath, [main, '--seeds', String(seeds), '--stop-at-failure'], {
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

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
