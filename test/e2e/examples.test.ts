import { spawnSync } from 'node:child_process'
import { appendFile, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Ended, runProgram, startProgram } from './support/run-program.ts'
import { StandaloneProcess } from './support/standalone-process.ts'
import { until } from './support/until.ts'

const GIT_HISTORY = 'examples/git-history/main.ts'

let standalone: StandaloneProcess
beforeAll(async () => {
  standalone = await StandaloneProcess.start()
})
afterAll(() => standalone.stop())

test('the tour with curl runs to its end', async () => {
  const { status, stdout, stderr } = await runProgram('bash', ['examples/curl.sh'], standalone.env)
  expect([status, stdout.includes('"id":12345678901234567890')], stderr).toEqual([0, true])
  expect(stdout.trimEnd().endsWith('Done.')).toBe(true)
})

test('the gRPC client reads what it has written on a stream', async () => {
  const { status, stdout, stderr } = await runProgram(
    process.execPath,
    ['examples/grpc/main.ts'],
    standalone.env,
  )
  expect(status, stderr).toBe(0)
  const read = stdout.split('\n').filter((line) => line.includes('{"order":'))
  expect(read.map((line) => line.slice(line.indexOf('{')))).toEqual(
    [0, 1, 2, 3, 4].map((order) => `{"order":${order}}`),
  )
})

test('the gRPC member of a group reads what the other example has written, once', async () => {
  const consume = () => runProgram(process.execPath, ['examples/grpc/consume.ts'], standalone.env)
  const { status, stdout, stderr } = await consume()
  expect(status, stderr).toBe(0)
  expect(stdout).toContain('has 1 partitions')
  expect(stdout.match(/\{"order":\d\}/g)).toEqual(
    [0, 1, 2, 3, 4].map((order) => `{"order":${order}}`),
  )
})

const hasPython = spawnSync('python3', ['--version']).status === 0

test.runIf(hasPython)(
  'the Python client reads what it has written, in order for each key',
  async () => {
    const python = (name: string, ...args: string[]) =>
      runProgram('python3', [`examples/python/${name}.py`, ...args], standalone.env)
    const written = await python('produce', 'python-test', '50')
    expect([written.status, written.stdout], written.stderr).toEqual([
      0,
      '50 records written to python-test\n',
    ])
    const read = await python('consume', 'python-test')
    const orders = read.stdout
      .trim()
      .split('\n')
      .map((line) => {
        const [, key = '', value = ''] = line.split('\t')
        return { key, order: (JSON.parse(value) as { order: number }).order }
      })
    for (let customer = 0; customer < 7; customer += 1) {
      const ofCustomer = orders.filter(({ key }) => key === `cust-${customer}`)
      const expected = Array.from({ length: 50 }, (_, n) => n).filter((n) => n % 7 === customer)
      expect(ofCustomer.map(({ order }) => order)).toEqual(expected)
    }
  },
)

/** Members one after the other, the first until it has seen 20 records: what each has printed. */
async function consumeTwice(consume: (count: number) => Promise<Ended>): Promise<string[][]> {
  const first = await consume(20)
  expect(first.status, first.stderr).toBe(0)
  const before = first.stdout.trim().split('\n')
  const second = await consume(50 - before.length)
  expect(second.status, second.stderr).toBe(0)
  return [before, second.stdout.trim().split('\n')]
}

/** Each of the 50 orders, once. */
function expectAllOnce([before = [], after = []]: string[][]): void {
  expect(before.length).toBeGreaterThanOrEqual(20)
  const orders = [...before, ...after].map((line) => JSON.parse(line.split('\t')[2] ?? '').order)
  expect(orders.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, n) => n))
}

test.runIf(hasPython)(
  'a member of a group in Python goes on behind what the one before it has committed',
  async () => {
    const python = (name: string, ...args: string[]) =>
      runProgram('python3', [`examples/python/${name}.py`, ...args], standalone.env)
    await python('produce', 'python-shared', '50')
    expectAllOnce(
      await consumeTwice((count) =>
        python('consume_group', 'python-shared', 'python-workers', String(count)),
      ),
    )
  },
)

test('a member of a group in Go goes on behind what the one before it has committed', async () => {
  const { error } = spawnSync('go', ['version'])
  expect(error, 'Go 1.21 or later must be on the PATH: https://go.dev/dl').toBeUndefined()
  const program = join(standalone.dataDirectory, 'orders')
  const env = { ...standalone.env, GOTOOLCHAIN: 'local', GOFLAGS: '-buildvcs=false' }
  const built = await runProgram('go', ['-C', 'examples/go', 'build', '-o', program, '.'], env)
  expect(built.status, built.stderr).toBe(0)
  const go = (...args: string[]) => runProgram(program, args, standalone.env)
  const written = await go('produce', 'go-shared', '50')
  expect([written.status, written.stdout], written.stderr).toEqual([
    0,
    '50 records written to go-shared\n',
  ])
  expectAllOnce(
    await consumeTwice((count) => go('consume', 'go-shared', 'go-workers', String(count))),
  )
}, 400_000)

test('the history of this repository arrives whole and in order', async () => {
  const acks = join(standalone.dataDirectory, 'acks-whole')
  const args = [GIT_HISTORY, '--records', '20000', '--acks', acks]
  const { status, stdout, stderr } = await runProgram(process.execPath, args, standalone.env)
  expect([status, stdout], stderr).toEqual([0, expect.stringContaining('OK: all 20000')])
}, 120_000)

test('what was acknowledged before a kill -9 is there after the restart', async () => {
  const acks = join(standalone.dataDirectory, 'acks-killed')
  // More than can be sent before the kill; the stream ends with the server.
  const args = [GIT_HISTORY, '--records', '100000000', '--acks', acks, '--topic', 'killed']
  const { ended } = startProgram(process.execPath, args, standalone.env)
  await until(async () => ((await stat(acks)).size > 1_000_000 ? true : null))
  await standalone.killAtOnce()
  const cut = await ended
  expect([cut.status, cut.stdout], cut.stderr).toEqual([2, expect.stringContaining('CUT SHORT')])
  await standalone.start()
  const verify = [GIT_HISTORY, '--verify-only', '--acks', acks]
  const { status, stdout, stderr } = await runProgram(process.execPath, verify, standalone.env)
  expect([status, stdout], stderr).toEqual([0, expect.stringContaining('OK: all')])
  await rm(acks)
}, 180_000)

test('the check of the history sees a record that is not there', async () => {
  const acks = join(standalone.dataDirectory, 'acks-whole')
  const [run = '{}'] = (await readFile(acks, 'utf8')).split('\n')
  const { records } = JSON.parse(run) as { records: number }
  await appendFile(acks, `{"index":${records},"partition":0,"offset":1}\n`)
  const args = [GIT_HISTORY, '--verify-only', '--acks', acks]
  const { status, stdout } = await runProgram(process.execPath, args, standalone.env)
  expect([status, stdout]).toEqual([
    1,
    expect.stringContaining('was acknowledged and is not there'),
  ])
}, 120_000)
