/** Goal: the loops of docs/consumer-groups.md do what the page says, just as they are printed. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ROOT } from './support/repository.ts'
import { runProgram, startProgram } from './support/run-program.ts'
import { readCredentials } from './support/standalone.ts'
import { StandaloneProcess } from './support/standalone-process.ts'
import { until } from './support/until.ts'

const LAUNCHER = 'packages/cli/bin/courant.mjs'

let standalone: StandaloneProcess
let env: Readonly<Record<string, string>>
beforeAll(async () => {
  standalone = await StandaloneProcess.start()
  const { url, apiKey } = await readCredentials(standalone.dataDirectory)
  env = { ...standalone.env, COURANT_URL: url, COURANT_API_KEY: apiKey }
})
afterAll(() => standalone.stop())

async function courant(args: readonly string[], input = ''): Promise<string> {
  const { status, stdout, stderr } = await runProgram(
    process.execPath,
    [LAUNCHER, ...args],
    env,
    input,
  )
  expect(status, stderr).toBe(0)
  return stdout
}

/** The code under a heading of the page. */
function loopUnder(heading: string): string {
  const page = readFileSync(join(ROOT, 'docs/consumer-groups.md'), 'utf8')
  const [, section = ''] = page.split(`\n## ${heading}\n`)
  const [, code] = /^```bash\n([\s\S]*?)^```/m.exec(section.split('\n## ')[0] ?? '') ?? []
  if (code === undefined) throw new Error(`no code under ${heading}`)
  return code
}

function values(printed: string): unknown[] {
  return printed
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).value)
}

async function lag(): Promise<unknown> {
  const printed = await courant(['groups', 'lag', 'billing', '--json'])
  return JSON.parse(printed).lagRecords
}

test('each loop prints every record once when nothing fails, and has committed them', async () => {
  await courant(['topics', 'create', 'orders', '--partitions', '1'])
  await courant(['produce', 'orders'], '1\n2\n3\n')
  const loop = startProgram('bash', ['-c', loopUnder('At least once')], env)
  await until(async () => ((await lag()) === 0 ? true : null))
  await courant(['produce', 'orders'], '4\n5\n')
  await until(async () => ((await lag()) === 0 ? true : null))
  loop.child.kill('SIGKILL')

  // The last poll of the loop still waits, and is superseded by this one of the same member.
  const printed = runProgram('bash', ['-euo', 'pipefail', '-c', loopUnder('At most once')], env)
  await courant(['produce', 'orders'], '6\n')
  const once = await printed
  expect(once.status, once.stderr).toBe(0)
  expect(values(once.stdout)).toEqual([6])
  expect(await lag()).toBe(0)
  expect(values((await loop.ended).stdout)).toEqual([1, 2, 3, 4, 5])
})

test('what cannot be committed is not processed at most once, but not at all', async () => {
  await courant(['produce', 'orders'], '7\n')
  // The request to commit gets lost, as curl would tell.
  const lost = 'curl() { case "$*" in */commit) return 22 ;; *) command curl "$@" ;; esac; }'
  const script = `${lost}\n${loopUnder('At most once')}`
  const ended = await runProgram('bash', ['-euo', 'pipefail', '-c', script], env)
  expect([ended.status, ended.stdout]).toEqual([22, ''])
  expect(await lag()).toBe(1)
})
