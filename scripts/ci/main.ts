/**
 * Runs the suites after `npm test`, prints what each took against its budget, and closes with
 * "N passed, N failed". When time runs short it cuts the number of cases, never a suite, and says
 * so.
 */
import { spawn } from 'node:child_process'
import { parseArgs } from 'node:util'
import { type Suite, suites } from './suite.ts'
import { type Tally, tallyOfExit, tallyOfReport, tallyOfSummary } from './tally.ts'

const TOTAL_SECONDS = 40 * 60
const TEST_BUDGET_SECONDS = 5 * 60

interface Result extends Tally {
  readonly name: string
  readonly seconds: number
  readonly budgetSeconds: number
  readonly note: string
}

const { values } = parseArgs({
  options: {
    report: { type: 'string' },
    'test-status': { type: 'string' },
    'test-seconds': { type: 'string' },
  },
})
const reportDirectory = values.report ?? '.'
const testSeconds = Number(values['test-seconds'] ?? 0)

const results: Result[] = [
  {
    name: 'npm test',
    seconds: testSeconds,
    budgetSeconds: TEST_BUDGET_SECONDS,
    note: '',
    ...tallyOfReport(`${reportDirectory}/test.json`, Number(values['test-status'] ?? 1)),
  },
]
let remainingBudget = suites.reduce((sum, suite) => sum + suite.budgetSeconds, 0)
for (const suite of suites) {
  const used = results.reduce((sum, result) => sum + result.seconds, 0)
  results.push(await run(suite, (TOTAL_SECONDS - used) / remainingBudget))
  remainingBudget -= suite.budgetSeconds
}
printTable(results)
const passed = results.reduce((sum, result) => sum + result.passed, 0)
const failed = results.reduce((sum, result) => sum + result.failed, 0)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1

/** `room`: seconds that are left for each second of the budgets that are still to be spent. */
async function run(suite: Suite, room: number): Promise<Result> {
  const cases = suite.cases === undefined ? undefined : casesFor(suite.cases, room)
  const note = cases === suite.cases ? '' : `cut to ${cases} of ${suite.cases} cases for time`
  const report = `${reportDirectory}/${suite.name.replaceAll(' ', '-')}.json`
  const reporting =
    suite.counts === 'vitest' ? ` --reporter=default --reporter=json --outputFile=${report}` : ''
  const command = suite.command.replace('{count}', String(cases)) + reporting
  console.log(`\n== ${suite.name}: ${command}`)
  const started = performance.now()
  const { status, output } = await shell(command)
  const tally = {
    vitest: () => tallyOfReport(report, status),
    summary: () => tallyOfSummary(output, status),
    exit: () => tallyOfExit(status),
  }[suite.counts]()
  const seconds = (performance.now() - started) / 1000
  return { name: suite.name, seconds, budgetSeconds: suite.budgetSeconds, note, ...tally }
}

function casesFor(wanted: number, room: number): number {
  return Math.max(1, Math.floor(wanted * Math.min(1, room)))
}

function shell(command: string): Promise<{ status: number; output: string }> {
  const child = spawn(command, { shell: true, stdio: ['ignore', 'pipe', 'inherit'] })
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    process.stdout.write(chunk)
  })
  return new Promise((resolve) => {
    child.on('close', (code) =>
      resolve({ status: code ?? 1, output: Buffer.concat(chunks).toString() }),
    )
  })
}

function printTable(rows: readonly Result[]): void {
  console.log('\nsuite              passed  failed  seconds  budget')
  for (const row of rows) {
    const over = row.seconds > row.budgetSeconds ? 'over budget' : ''
    console.log(
      row.name.padEnd(18),
      String(row.passed).padStart(6),
      String(row.failed).padStart(7),
      row.seconds.toFixed(0).padStart(8),
      String(row.budgetSeconds).padStart(7),
      [over, row.note].filter((text) => text !== '').join(', '),
    )
  }
}
