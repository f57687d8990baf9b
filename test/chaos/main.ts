/**
 * `npm run test:chaos -- --minutes N --seed S [--json] [--keep] [--only <fault>]...
 * [--network proxies] [--disks limit|plain] [--session-ms N] [--one-by-one] [--last-ms N]`: the
 * local cluster under load and faults. A session is how long the control plane waits to hear of a
 * broker before others lead. One by one, each fault finds everything healthy. Faults that last do
 * so for N ms.
 * Exit status 0 when nothing was violated, 1 when something was.
 */
import { parseArgs } from 'node:util'
import { reportText } from './report/report-text.ts'
import { run } from './run.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '3' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', multiple: true, default: [] },
    network: { type: 'string', default: 'auto' },
    disks: { type: 'string', default: 'auto' },
    'session-ms': { type: 'string' },
    'one-by-one': { type: 'boolean', default: false },
    'last-ms': { type: 'string' },
    json: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
})
const startedAt = performance.now()
const report = await run({
  seed: numberOf('seed'),
  minutes: numberOf('minutes'),
  only: values.only,
  network: oneOf('network', ['auto', 'proxies']),
  disks: oneOf('disks', ['auto', 'limit', 'plain']),
  sessionMs: optionalNumberOf('session-ms'),
  rhythm: values['one-by-one'] ? 'one by one' : 'mixed',
  lastMs: optionalNumberOf('last-ms'),
  keep: values.keep ? 'home' : 'nothing',
  say: (line) => console.error(`${((performance.now() - startedAt) / 1000).toFixed(1)} s  ${line}`),
})
const printed = values.json ? JSON.stringify(report) : reportText(report)
// All of it, into a pipe too, before the end.
await new Promise((resolve) => process.stdout.write(`${printed}\n`, resolve))
process.exit(report.violations.length === 0 ? 0 : 1)

function oneOf<Choice extends string>(
  name: 'network' | 'disks',
  choices: readonly Choice[],
): Choice {
  const found = choices.find((choice) => choice === values[name])
  if (found !== undefined) return found
  console.error(`--${name} is one of ${choices.join(', ')}`)
  process.exit(2)
}

function optionalNumberOf(name: 'session-ms' | 'last-ms'): number | null {
  return values[name] === undefined ? null : numberOf(name)
}

function numberOf(name: 'minutes' | 'seed' | 'session-ms' | 'last-ms'): number {
  const number = Number(values[name])
  if (Number.isFinite(number) && number >= 0) return number
  console.error(`--${name} ${values[name]} is not a number`)
  process.exit(2)
}
