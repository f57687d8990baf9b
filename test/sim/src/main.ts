/**
 * The simulation of the whole cluster, as long as one likes:
 *
 *     npm run test:sim -- --seeds 2000 --first-seed 1 [--seconds 60] [--workers 2] [--trace]
 *     npm run test:sim -- --seed 7 --seed 236 --only 'kill one' --only 'slow database'
 *
 * A failed seed is printed with its faults and the command that runs it again. The last line is
 * "N passed, N failed".
 */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { Totals } from './run/totals.ts'
import { runOnWorkers } from './run/workers.ts'
import { runSeed, type SeedReport } from './run-seed.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    'first-seed': { type: 'string', default: '1' },
    seed: { type: 'string', multiple: true },
    only: { type: 'string', multiple: true, default: [] },
    seconds: { type: 'string', default: '60' },
    workers: { type: 'string', default: String(availableParallelism()) },
    trace: { type: 'boolean', default: false },
    'stop-at-failure': { type: 'boolean', default: false },
  },
})
const options = { seconds: Number(values.seconds), only: values.only }
const firstSeed = Number(values['first-seed'])
const seeds =
  values.seed?.map(Number) ??
  Array.from({ length: Number(values.seeds) }, (_, index) => firstSeed + index)
const totals = new Totals()

if (values.trace) {
  for (const seed of seeds) judge(await runSeed(seed, options, print))
} else {
  await runOnWorkers(seeds, options, Number(values.workers), (report) => {
    judge(report)
    return values['stop-at-failure'] ? totals.failed === 0 : true
  })
}
for (const line of totals.lines()) print(line)
process.exitCode = totals.failed > 0 ? 1 : 0

function judge(report: SeedReport): void {
  totals.add(report)
  if (report.failure === null) return
  const at = (report.simulatedMs / 1_000).toFixed(1)
  print(`seed ${report.seed} failed at ${at} s: ${report.failure}`)
  for (const line of report.faultLog) print(`  ${line}`)
  const only = options.only.map((kind) => ` --only '${kind}'`).join('')
  const again = `--seed ${report.seed} --seconds ${options.seconds}${only} --trace`
  print(`  again: npm run test:sim -- ${again}`)
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
