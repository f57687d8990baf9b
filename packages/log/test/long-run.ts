/**
 * The crash simulation, as long as one likes: `npm run test:sim:log -- --seeds 400 --first-seed 1`.
 * The last line is "N passed, N failed"; a failed seed is printed with the command that runs it
 * again.
 */
import { parseArgs } from 'node:util'
import { directedHistories } from './simulation/directed.ts'
import { runSeed, type SeedOptions } from './simulation/run-seed.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    'first-seed': { type: 'string', default: '1' },
    'stop-at-failure': { type: 'boolean', default: false },
  },
})
const seeds = Number(values.seeds)
const firstSeed = Number(values['first-seed'])
const OPTIONS: SeedOptions = { lives: 10, steps: 60 }
/** Every so many seeds one is run twice: a run that is not the same again proves nothing. */
const TWICE_EVERY = 20

let current = firstSeed
let passed = 0
let failed = 0
// A promise that nobody keeps ends the process without a word.
process.on('exit', (code) => {
  if (code === 13) print(`seed ${current} failed: the engine waits for ever`)
})
for (const { name, run } of directedHistories) {
  try {
    await run()
  } catch (error) {
    failed += 1
    print(`directed failed, ${name}: ${error instanceof Error ? error.stack : String(error)}`)
  }
}
for (; failed === 0 && current < firstSeed + seeds; current += 1) {
  if (await passes(current)) passed += 1
  else failed += 1
  if (failed > 0 && values['stop-at-failure']) break
}
print(`${passed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0

async function passes(seed: number): Promise<boolean> {
  try {
    const { trace } = await runSeed(seed, OPTIONS)
    if (seed % TWICE_EVERY === 0 && (await runSeed(seed, OPTIONS)).trace !== trace) {
      throw new Error('the same seed ran differently')
    }
    return true
  } catch (error) {
    print(`seed ${seed} failed: ${error instanceof Error ? error.stack : String(error)}`)
    print(`  again: npm run test:sim:log -- --seeds 1 --first-seed ${seed}`)
    return false
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
