/**
 * The simulation of consumer groups, as long as one likes:
 *
 *     npm run test:sim:groups -- --seeds 1000 --first-seed 1 [--seconds 30] [--workers 2] [--trace]
 *     npm run test:sim:groups -- --seed 7 --only 'kill a control plane' --only 'pause a member'
 *
 * A failed seed is printed with its faults and the command that runs it again. The last line is
 * "N passed, N failed".
 */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { type RunOptions, runSeed, type SeedReport } from './run-seed.ts'
import { Totals } from './totals.ts'
import type { Share } from './worker.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    'first-seed': { type: 'string', default: '1' },
    seed: { type: 'string', multiple: true },
    only: { type: 'string', multiple: true, default: [] },
    seconds: { type: 'string', default: '30' },
    workers: { type: 'string', default: String(availableParallelism()) },
    trace: { type: 'boolean', default: false },
    'stop-at-failure': { type: 'boolean', default: false },
  },
})
const options: RunOptions = { seconds: Number(values.seconds), only: values.only }
const firstSeed = Number(values['first-seed'])
const seeds =
  values.seed?.map(Number) ??
  Array.from({ length: Number(values.seeds) }, (_, index) => firstSeed + index)
const totals = new Totals()

if (values.trace) for (const seed of seeds) judge(await runSeed(seed, options, print))
else await runOnWorkers(Math.min(Number(values.workers), seeds.length))
for (const line of totals.lines()) print(line)
process.exitCode = totals.failed > 0 ? 1 : 0

/** Each thread has every so manieth seed. */
async function runOnWorkers(count: number): Promise<void> {
  const workers = Array.from({ length: count }, (_, index) => {
    const share: Share = { seeds: seeds.filter((_seed, at) => at % count === index), options }
    return new Worker(new URL('worker.ts', import.meta.url), { workerData: share })
  })
  await Promise.all(
    workers.map(async (worker) => {
      worker.on('message', (report: SeedReport) => {
        if (values['stop-at-failure'] && totals.failed > 0) return
        judge(report)
        if (values['stop-at-failure'] && totals.failed > 0) {
          for (const each of workers) void each.terminate()
        }
      })
      await new Promise((resolve, reject) => worker.on('exit', resolve).on('error', reject))
    }),
  )
}

function judge(report: SeedReport): void {
  totals.add(report)
  if (report.failure === null) return
  const at = (report.simulatedMs / 1_000).toFixed(1)
  print(`seed ${report.seed} failed at ${at} s: ${report.failure}`)
  print(`  ${report.faults.map(([kind, times]) => `${kind} ${times}`).join(', ')}`)
  const only = options.only.map((kind) => ` --only '${kind}'`).join('')
  const again = `--seed ${report.seed} --seconds ${options.seconds}${only} --trace`
  print(`  again: npm run test:sim:groups -- ${again}`)
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
