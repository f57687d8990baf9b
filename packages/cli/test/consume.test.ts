import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { afterEach, expect, test } from 'vitest'
import { runCourant, startCourant } from './run-courant.ts'
import { type ScriptedServer, startScriptedServer } from './scripted-server.ts'

let server: ScriptedServer | null = null
afterEach(async () => {
  await server?.stop()
  server = null
})

const record = (offset: number): string =>
  `{"offset":${offset},"timestamp":1,"key":null,"valueText":"v${offset}","headers":[]}\n`

function offsets(offset: number): string {
  return JSON.stringify({ offsets: [{ partition: 0, offset }] })
}

test('following goes on behind the last record when the connection breaks', async () => {
  const asked: (string | null)[] = []
  server = await startScriptedServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://x')
    if (url.pathname.endsWith('/offsets')) {
      response.setHeader('content-type', 'application/json').end(offsets(5))
      return
    }
    const offset = url.searchParams.get('offset')
    asked.push(offset)
    const next = Number(offset)
    const rest = asked.length === 1 ? record(next).slice(0, 20) : ''
    response.write(record(next) + rest, () => {
      if (asked.length === 1) response.destroy()
    })
  })
  const { status, stdout, stderr } = await runCourant(
    ['consume', 'orders', '--from', 'latest', '--follow', '--max', '2'],
    { env: server.env },
  )
  expect([status, stdout, asked]).toEqual([0, 'v5\nv6\n', ['5', '6']])
  expect(stderr).toContain('Trying again')
})

test('a problem in the middle of a stream ends the command with it', async () => {
  server = await startScriptedServer((request, response) => {
    if (request.url?.includes('/offsets')) {
      const end = request.url.includes('latest') ? 9 : 0
      response.setHeader('content-type', 'application/json').end(offsets(end))
      return
    }
    const problem = { code: 'STORAGE_CORRUPT', detail: 'Damaged.', applied: 'no', retriable: false }
    response.end(`${record(0)}${JSON.stringify({ problem })}\n`)
  })
  const { status, stderr } = await runCourant(['consume', 'orders', '--json'], { env: server.env })
  expect([status, JSON.parse(stderr).code]).toEqual([1, 'STORAGE_CORRUPT'])
})

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s ends following at once, without an error, as %d', async (signal, expected) => {
  const following = Promise.withResolvers<void>()
  server = await startScriptedServer((request, response) => {
    if (request.url?.includes('/offsets')) {
      response.setHeader('content-type', 'application/json').end(offsets(0))
      return
    }
    response.writeHead(200).flushHeaders()
    following.resolve()
  })
  const { child, ended } = startCourant(['consume', 'orders', '--follow'], {
    env: server.env,
    input: '',
  })
  await following.promise
  child.kill(signal)
  expect(await ended()).toEqual({ status: expected, stdout: '', stderr: '' })
})

test('a reader that has gone ends following too, at the next record', async () => {
  const next = Promise.withResolvers<void>()
  server = await startScriptedServer(async (request, response) => {
    if (request.url?.includes('/offsets')) {
      response.setHeader('content-type', 'application/json').end(offsets(0))
      return
    }
    response.writeHead(200).write(record(0))
    await next.promise
    for (let offset = 1; !response.destroyed && offset < 1_000; offset += 1) {
      response.write(record(offset))
      await new Promise((resolve) => setImmediate(resolve))
    }
  })
  const { child, closed, stderr } = startCourant(['consume', 'orders', '--follow'], {
    env: server.env,
    input: '',
  })
  await once(child.stdout, 'data')
  child.stdout.destroy()
  next.resolve()
  expect([await closed, await stderr]).toEqual([141, ''])
})

test('a partition whose offsets nobody can tell is neither read past nor passed off as empty', async () => {
  const problem = { code: 'NOT_LEADER', detail: 'No leader.', applied: 'no', retriable: true }
  server = await startScriptedServer((_, response) => {
    const offsets = [
      { partition: 0, offset: 7 },
      { partition: 1, problem },
    ]
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ offsets }))
  })
  const { env } = server
  const listed = await runCourant(['offsets', 'orders'], { env })
  expect([listed.status, listed.stderr]).toEqual([1, expect.stringContaining('NOT_LEADER')])
  expect(listed.stdout).toMatch(/^ +0 +7 +7$/m)
  expect(listed.stdout).toMatch(/^ +1 +unknown +unknown$/m)
  const consumed = await runCourant(['consume', 'orders'], { env })
  expect([consumed.status, consumed.stdout]).toEqual([1, ''])
  const other = ['consume', 'orders', '--partition', '0', '--from', 'latest']
  expect((await runCourant(other, { env })).status).toBe(0)
})

test('the version is that of the package', async () => {
  const { version } = JSON.parse(
    readFileSync(`${import.meta.dirname}/../package.json`, 'utf8'),
  ) as { version: string }
  expect(await runCourant(['--version'])).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' })
})

test('usage errors are told apart by their status', async () => {
  const env = { COURANT_URL: 'http://127.0.0.1:9', COURANT_API_KEY: 'crt_test' }
  for (const args of [
    ['consume'],
    ['consume', 'a', '--max', '0'],
    ['topics', 'delete', 'a'],
    ['no'],
  ]) {
    expect((await runCourant(args, { env })).status).toBe(2)
  }
})
