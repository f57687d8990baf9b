import { once } from 'node:events'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Ended, runProgram, startProgram } from './support/run-program.ts'
import { StandaloneProcess } from './support/standalone-process.ts'
import { until } from './support/until.ts'

const LAUNCHER = 'packages/cli/bin/courant.mjs'

let standalone: StandaloneProcess
beforeAll(async () => {
  standalone = await StandaloneProcess.start()
})
afterAll(() => standalone.stop())

function courant(args: readonly string[], input = ''): Promise<Ended> {
  return runProgram(process.execPath, [LAUNCHER, ...args], standalone.env, input)
}

/** Runs a command that must succeed, and returns what it printed. */
async function output(args: readonly string[], input = ''): Promise<string> {
  const { status, stdout, stderr } = await courant(args, input)
  expect(status, stderr).toBe(0)
  return stdout
}

async function objects(args: readonly string[], input = ''): Promise<Record<string, unknown>[]> {
  const text = await output([...args, '--json'], input)
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

test('a topic is created, listed, described, altered, grown and deleted', async () => {
  const create = ['topics', 'create', 'life', '--partitions', '3', '--config', 'retentionMs=60000']
  expect(await output(create)).toBe('Topic life with 3 partitions.\n')
  expect(await output(create), 'an equal repeat').toBe('Topic life with 3 partitions.\n')
  expect(await output(['topics', 'list', '--prefix', 'li'])).toMatch(/^life +3 +1 +1 min$/m)
  expect(await output(['topics', 'describe', 'life'])).toMatch(
    /^retentionMs +60000 +topic +604800000$/m,
  )
  const altered = await output(['topics', 'alter', 'life', '--reset', 'retentionMs'])
  expect(altered).toBe('life: retentionMs = 604800000\n')
  const grown = await courant(['topics', 'add-partitions', 'life', '4'])
  expect([grown.stdout, grown.stderr]).toEqual([
    'Topic life with 4 partitions.\n',
    expect.stringContaining('order is kept only from here on'),
  ])
  expect((await courant(['topics', 'delete', 'life'])).status, 'unasked').toBe(2)
  expect(await output(['topics', 'delete', 'life', '--yes'])).toBe('Deleted topic life.\n')
  const gone = await courant(['topics', 'describe', 'life'])
  expect([gone.status, gone.stderr]).toEqual([1, expect.stringContaining('TOPIC_NOT_FOUND')])
})

test('records come back byte for byte, in order for each key', async () => {
  await output(['topics', 'create', 'orders', '--partitions', '4'])
  const lines = Array.from({ length: 3_000 }, (_, n) => `{"id":"k${n % 9}","n":${n},"big":1.0e400}`)
  const written = await output(['produce', 'orders', '--key-field', 'id'], lines.join('\n'))
  expect(written).toMatch(/^3,000 records written to orders, \d partitions/)
  const printed = (await output(['consume', 'orders', '--keys'])).trimEnd().split('\n')
  for (let key = 0; key < 9; key += 1) {
    const ofKey = printed.filter((line) => line.startsWith(`k${key}\t`))
    const sent = lines.filter((line) => line.includes(`"k${key}"`))
    expect(ofKey).toEqual(sent.map((line) => `k${key}\t${line}`))
  }
})

test('a topic is copied by a pipe, record by record', async () => {
  await output(['topics', 'create', 'source', '-p', '2'])
  await output(['topics', 'create', 'copy', '-p', '2'])
  await output(['produce', 'source', '-k', 'k', '-H', 'a=b'], 'text\n\u0000\n')
  await output(['produce', 'source', '-f', 'json'], '12345678901234567890\nnull\n{"a": 1.0}\n')
  const records = await output(['consume', 'source', '--json'])
  await output(['produce', 'copy', '--format', 'record'], records)
  const content = (text: string): unknown[] =>
    text
      .trim()
      .split('\n')
      .map((line) => line.replace(/"timestamp":\d+/, ''))
  expect(content(await output(['consume', 'copy', '--json']))).toEqual(content(records))
})

test('lines that fail are named by their numbers, and the others are written', async () => {
  await output(['topics', 'create', 'mixed'])
  const input = '{"id":"a"}\n\nnot json\n{"id":"b"}\n{"no":"id"}\n{"id":"c"}\n'
  const { status, stdout, stderr } = await courant(['produce', 'mixed', '--key-field', 'id'], input)
  expect([status, stdout]).toEqual([1, expect.stringContaining('3 records written')])
  expect(stderr).toMatch(/^line 3: .*JSON/m)
  expect(stderr).toMatch(/^line 5: .*id/m)
  const refused = await courant(['produce', 'mixed', '--partition', '7'], 'a\nb\n')
  expect([refused.status, refused.stderr]).toEqual([1, expect.stringMatching(/^line 2: /m)])
  expect(await objects(['offsets', 'mixed'])).toEqual([{ partition: 0, earliest: 0, latest: 3 }])
})

test('a refusal says why, however much was to be sent', async () => {
  const { status, stderr } = await courant(['produce', 'missing'], 'a line\n'.repeat(1_000_000))
  expect([status, stderr]).toEqual([1, expect.stringContaining('TOPIC_NOT_FOUND')])
})

test('reading begins and ends where it is told to', async () => {
  await output(['topics', 'create', 'places', '-p', '2'])
  await output(['produce', 'places', '--partition', '1'], 'a\nb\nc\nd\n')
  const consume = (...args: string[]): Promise<string> => output(['consume', 'places', ...args])
  expect(await consume('--partition', '1', '--from', '2')).toBe('c\nd\n')
  expect(await consume('--max', '3')).toBe('a\nb\nc\n')
  expect(await consume('--from', 'latest')).toBe('')
  expect(await consume('--since', '1h')).toBe('a\nb\nc\nd\n')
  expect(await consume('--since', '2200-01-01')).toBe('')
  const deleteRecords = ['topics', 'delete-records', 'places', '--partition', '1', '--yes']
  expect(await output([...deleteRecords, '--before', '3'])).toContain('now begins at 3')
  expect(await consume()).toBe('d\n')
})

test('following shows what is written meanwhile, and survives a kill of the server', async () => {
  await output(['topics', 'create', 'live', '-p', '3'])
  const port = new URL(await standalone.url()).port
  const follow = [LAUNCHER, 'consume', 'live', '--follow', '--max', '2']
  const { child, ended } = startProgram(process.execPath, follow, standalone.env)
  const firstIsPrinted = once(child.stdout, 'data')
  await output(['produce', 'live'], 'first\n')
  await firstIsPrinted
  await standalone.killAtOnce()
  await standalone.start({ COURANT_HTTP_PORT: port })
  await output(['produce', 'live'], 'second\n')
  const { status, stdout, stderr } = await ended
  expect([status, stdout]).toEqual([0, 'first\nsecond\n'])
  expect(stderr).toContain('Trying again')
}, 120_000)

test('a group goes on where it was, over several topics, and ends by Ctrl-C', async () => {
  for (const topic of ['left', 'right']) await output(['topics', 'create', topic, '-p', '2'])
  await output(['produce', 'left'], '1\n2\n3\n')
  const consume = ['consume', 'left', 'right', '--group', 'audit']
  const first = await output([...consume, '--max', '2'])
  const started = startProgram(process.execPath, [LAUNCHER, ...consume, '--json'], standalone.env)
  await output(['produce', 'right'], '{"big":12345678901234567890}\n')
  await until(async () => {
    const lags = await objects(['groups', 'lag', 'audit'])
    const sum = lags.reduce((all, { committedOffset }) => all + Number(committedOffset), 0)
    return sum === 4 ? lags : null
  })
  started.child.kill('SIGINT')
  const ended = await started.ended
  expect([ended.status, ended.stderr]).toEqual([130, ''])
  const lines = ended.stdout.trim().split('\n')
  const left = lines.filter((line) => line.startsWith('{"topic":"left","partition":'))
  const values = left.map((line) => JSON.parse(line).value)
  expect([...first.trim().split('\n').map(Number), ...values].sort()).toEqual([1, 2, 3])
  expect(lines.join()).toContain('"topic":"right"')
  expect(lines.join()).toContain('{"big":12345678901234567890}')
  const lags = await objects(['groups', 'lag', 'audit'])
  expect(lags.reduce((sum, { lagRecords }) => sum + Number(lagRecords), 0)).toBe(0)
  expect(lags.map(({ owner }) => owner)).toEqual(lags.map(() => null))
  const reset = ['groups', 'reset', 'audit', '--to', 'earliest', '--topic', 'left']
  expect((await objects(reset))[0]).toMatchObject({ dryRun: true })
  await output([...reset, '--execute'])
  const again = await output(['consume', 'left', '--group', 'audit', '--max', '3'])
  expect(again.trim().split('\n').sort()).toEqual(['1', '2', '3'])
})

test('API keys work until they are revoked', async () => {
  const created = await courant(['keys', 'create', 'short lived', '--expires-in', '1h'])
  const key = created.stdout.trim()
  expect(key).toMatch(/^crt_/)
  const asKey = ['topics', 'list', '--api-key', key]
  expect((await courant(asKey)).status).toBe(0)
  const keyId = key.split('_')[1] ?? ''
  expect(await output(['keys', 'list'])).toContain(`${keyId}  short lived`)
  expect(await output(['keys', 'revoke', keyId])).toBe(`Revoked key ${keyId}.\n`)
  const refused = await courant([...asKey, '--json'])
  expect([refused.status, JSON.parse(refused.stderr)]).toEqual([
    1,
    expect.objectContaining({ code: 'UNAUTHENTICATED' }),
  ])
})

test('the operator makes tenants, whose topics are their own', async () => {
  const [tenant] = await objects(['tenants', 'create', 'acme'])
  expect(await output(['tenants', 'list'])).toMatch(/^acme /m)
  const asTenant = ['--api-key', String(tenant?.['apiKey'])]
  await output(['topics', 'create', 'secret', ...asTenant])
  expect((await courant(['consume', 'secret'])).stderr).toContain('TOPIC_NOT_FOUND')
  const denied = await courant(['tenants', 'list', ...asTenant])
  expect([denied.status, denied.stderr]).toEqual([1, expect.stringContaining('PERMISSION_DENIED')])
})
