/** Random histories from seeds: `run-seeds.ts [seeds] [first seed]`. Ends at the first failure. */
import { ModelCluster } from './model-cluster.ts'

const STEPS = 600
const [seeds = 1_000, first = 1] = process.argv.slice(2).map(Number)

for (let seed = first; seed < first + seeds; seed += 1) {
  try {
    const cluster = new ModelCluster(seed)
    cluster.run(STEPS)
    cluster.limp()
    cluster.heal()
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    process.stdout.write(`seed ${seed} failed: ${why}\n`)
    process.exit(1)
  }
}
process.stdout.write(`${seeds} passed, 0 failed\n`)
