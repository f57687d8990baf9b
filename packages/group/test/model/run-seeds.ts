/** Random histories from seeds: `run-seeds.ts [seeds] [first seed]`. Ends at the first failure. */
import { ModelGroup } from './model-group.ts'

const STEPS = 400
const [seeds = 1_000, first = 1] = process.argv.slice(2).map(Number)

for (let seed = first; seed < first + seeds; seed += 1) {
  try {
    const group = new ModelGroup(seed)
    group.run(STEPS)
    group.settleDown()
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    process.stdout.write(`seed ${seed} failed: ${why}\n`)
    if (seeds === 1 && error instanceof Error) process.stdout.write(`${error.stack}\n`)
    process.exit(1)
  }
}
process.stdout.write(`${seeds} passed, 0 failed\n`)
