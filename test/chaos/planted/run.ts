/**
 * `npm run test:planted:chaos [-- <part of a name>]`: plants one bug after the other in a copy of
 * the repository, and has a run of real processes look for it. A bug that is not found, or whose
 * place in the source is gone, is a failure. The last line is "N passed, N failed".
 */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { PlantedCopy } from '@courant/testkit/planted-copy'
import type { Report } from '../report/report.ts'
import { BUGS, type PlantedBug } from './bugs.ts'

const MINUTES = 1
/** Seeds that are tried, one after the other, until one finds it. */
const SEEDS = 3

const only = process.argv[2]
const chosen = BUGS.filter(({ name }) => only === undefined || name.includes(only))
const passed = []
for (const bug of [null, ...chosen]) passed.push(await isFound(bug))
const failed = passed.filter((each) => !each).length
console.log(`${passed.length - failed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0

/** Without a bug, nothing may be found: or what follows would prove nothing. */
async function isFound(bug: PlantedBug | null): Promise<boolean> {
  const started = performance.now()
  const copy = await PlantedCopy.make()
  try {
    if (bug !== null) await copy.plant(bug)
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { violations } = await strike(copy.root, seed, bug?.only ?? [])
      if (bug === null) return tell(violations.length === 0, 'nothing planted', 'nothing found')
      const found = violations.find(({ checker }) => bug.foundBy.includes(checker))
      if (found === undefined) continue
      const seconds = (performance.now() - started) / 1000
      const by = `seed ${seed}, ${seconds.toFixed(0)} s, ${found.checker}: ${found.text}`
      return tell(true, bug.name, by)
    }
    return tell(false, bug?.name ?? '', `not found by ${SEEDS} seeds`)
  } catch (error) {
    return tell(false, bug?.name ?? 'nothing planted', String(error))
  } finally {
    await copy.remove()
  }
}

async function strike(tree: string, seed: number, faults: readonly string[]): Promise<Report> {
  const flags = ['--json', '--seed', `${seed}`, '--minutes', `${MINUTES}`]
  const kinds = faults.flatMap((fault) => ['--only', fault])
  const main = join(tree, 'test', 'chaos', 'main.ts')
  const child = spawn(process.execPath, [main, ...flags, ...kinds], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [output, problems] = await Promise.all([text(child.stdout), text(child.stderr)])
  try {
    return JSON.parse(output)
  } catch {
    throw new Error(`the run ended without a report:\n${problems}`)
  }
}

function tell(isGood: boolean, name: string, how: string): boolean {
  console.log(`${isGood ? 'ok  ' : 'FAIL'} ${name}: ${how}`)
  return isGood
}
