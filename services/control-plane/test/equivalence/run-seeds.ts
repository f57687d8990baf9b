/**
 * Compares the model with the real thing on random histories:
 * `run-seeds.ts [seeds] [first seed] [steps]`. Ends at the first difference. The last line is
 * "N passed, N failed".
 */
import { startTestPostgres } from '@courant/testkit'
import { MIGRATIONS_DIRECTORY, migrate } from '../../src/migrations/migrator.ts'
import { compareSeeds, STEPS } from './compare-seeds.ts'
import { Coverage } from './coverage.ts'
import { RealDatabase } from './real-side.ts'

const [seeds = 100, first = 1, steps = STEPS] = process.argv.slice(2).map(Number)
const postgres = await startTestPostgres({
  prepare: async (url) => {
    await migrate(url, MIGRATIONS_DIRECTORY)
  },
})
try {
  const real = await RealDatabase.open(await postgres.createDatabase())
  const coverage = new Coverage()
  const failure = await compareSeeds(real, { seeds, first, steps }, coverage)
  await real.close()
  for (const [what, count] of [...coverage.counts].sort()) print(`${count} ${what}`)
  if (failure !== null) print(failure)
  print(failure === null ? `${seeds} passed, 0 failed` : '0 passed, 1 failed')
  process.exitCode = failure === null ? 0 : 1
} finally {
  await postgres.stop()
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
