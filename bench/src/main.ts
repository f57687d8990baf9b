/**
 * `npm run bench -- [suite ...] [--quick] [--json] [--write-results]`. README.md says how each
 * figure is made. Exit status 0 whatever the figures are, 1 if one could not be measured.
 */
import { parseArgs } from 'node:util'
import { fullPlan, quickPlan, smokePlan } from './harness/interleave.ts'
import { jsonLines, Table } from './harness/output.ts'
import { unpinnedBecause } from './harness/pinning.ts'
import { type Row, writeResults } from './harness/results-file.ts'
import { Bench } from './harness/suite.ts'
import { suites } from './suites/index.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    smoke: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    'write-results': { type: 'boolean', default: false },
  },
})

const unknown = positionals.filter((name) => !suites.some((suite) => suite.name === name))
if (values.list || unknown.length > 0) {
  for (const name of unknown) console.error(`there is no suite ${name}`)
  for (const { name } of suites) console.log(name)
  process.exit(unknown.length === 0 ? 0 : 1)
}

if (unpinnedBecause !== null) console.error(`not pinned: ${unpinnedBecause}`)
const plan = values.smoke ? smokePlan : values.quick ? quickPlan : fullPlan
const output = values.json ? jsonLines : new Table()
const rows: Row[] = []
for (const suite of suites) {
  if (positionals.length > 0 && !positionals.includes(suite.name)) continue
  const bench = new Bench(plan)
  try {
    for await (const figure of suite.run(bench)) {
      output.figure(suite.name, figure)
      rows.push({ suite: suite.name, figure })
    }
  } catch (error) {
    console.error(`${suite.name} could not run:`, error)
    process.exitCode = 1
  } finally {
    await bench.cleanup.run()
  }
}
if (values['write-results']) await writeResults(rows, plan)
