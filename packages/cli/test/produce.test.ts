import { once } from 'node:events'
import { Readable } from 'node:stream'
import { afterEach, expect, test } from 'vitest'
import { produceInput } from '../src/produce/produce-input.ts'
import { ProduceStream } from '../src/produce/produce-stream.ts'
import { RecordEncoder } from '../src/produce/record-encoder.ts'
import { runCourant, startCourant } from './run-courant.ts'
import { type ScriptedServer, startScriptedServer } from './scripted-server.ts'

let server: ScriptedServer | null = null
afterEach(async () => {
  await server?.stop()
  server = null
})

const written = (index: number): string =>
  `{"index":${index},"partition":0,"offset":${index},"timestamp":1}\n`

test('an answer that breaks off is a failure that warns of a repeat', async () => {
  server = await startScriptedServer((request, response) => {
    request.resume()
    response.write(written(0), () => response.destroy())
  })
  const { status, stderr } = await runCourant(['produce', 'orders'], {
    env: server.env,
    input: 'a\nb\n',
  })
  expect(status).toBe(1)
  expect(stderr).toMatch(/broke|unknown/)
  expect(stderr).toContain('look before')
})

test('an answer that ends without its last line is a failure too', async () => {
  server = await startScriptedServer(async (request, response) => {
    for await (const _ of request);
    response.end(written(0))
  })
  const { status, stdout, stderr } = await runCourant(['produce', 'orders'], {
    env: server.env,
    input: 'a\nb\n',
  })
  expect([status, stdout]).toEqual([1, expect.stringContaining('1 record written')])
  expect(stderr).toContain('Of 2 records sent, the rest is unknown.')
})

test('a refusal ends the command even while its input stays open', async () => {
  server = await startScriptedServer((request, response) => {
    request.resume()
    const problem = {
      code: 'THROTTLED',
      detail: 'Too much.',
      applied: 'no',
      retriable: true,
      retryAfterMs: 2_000,
    }
    response.writeHead(429, { 'content-type': 'application/problem+json' })
    response.end(JSON.stringify(problem))
  })
  const { child, ended } = startCourant(['produce', 'orders'], { env: server.env })
  child.stdin.write('a\n')
  const { status, stderr } = await ended()
  expect([status, stderr]).toEqual([
    1,
    'Error: Too much. (THROTTLED)\nNothing was done; try again in 2 s.\n',
  ])
})

test('records typed one by one are sent one by one', async () => {
  const seen: string[] = []
  const arrived = Promise.withResolvers<void>()
  server = await startScriptedServer(async (request, response) => {
    response.writeHead(200).flushHeaders()
    for await (const part of request) {
      seen.push(String(part))
      arrived.resolve()
    }
    response.end(`${written(0)}{"done":true,"records":1,"failed":0}\n`)
  })
  const { child, ended } = startCourant(['produce', 'orders', '--json'], { env: server.env })
  child.stdin.write('a\n')
  await arrived.promise
  child.stdin.end()
  expect((await ended()).stdout).toBe(
    '{"line":1,"partition":0,"offset":0,"timestamp":1}\n{"done":true,"records":1,"failed":0}\n',
  )
  expect(seen).toEqual(['{"valueText":"a"}\n'])
})

test('input is read only as fast as the server takes it', async () => {
  const total = 48 * 1024 * 1024
  const aheadMax = 8 * 1024 * 1024
  let pulled = 0
  let received = 0
  let mostAhead = 0
  server = await startScriptedServer(async (request, response) => {
    response.writeHead(200).flushHeaders()
    for await (const part of request) received += part.length
    response.end('{"done":true,"records":0,"failed":0}\n')
  })
  const line = Buffer.from(`${'x'.repeat(64 * 1024 - 1)}\n`)
  const input = Readable.from(
    (function* () {
      for (; pulled < total; pulled += line.length) {
        mostAhead = Math.max(mostAhead, pulled - received)
        yield line
      }
    })(),
    { objectMode: false, highWaterMark: line.length },
  )
  const connection = { url: server.url, apiKey: 'crt_test' }
  const stream = new ProduceStream(connection, 'orders', new URLSearchParams())
  const outcome = await produceInput(input, stream, {
    encoder: new RecordEncoder('text', null, {}),
    onError: 'continue',
    interrupted: new AbortController().signal,
    onResults: () => Promise.resolve(),
  })
  expect(outcome).toMatchObject({ complete: true, sent: total / line.length })
  expect(received).toBeGreaterThanOrEqual(total)
  expect(mostAhead).toBeLessThan(aheadMax)
})

test('no server at all is a failure that says how to start one', async () => {
  const gone = await startScriptedServer(() => {})
  await gone.stop()
  const { child, ended } = startCourant(['produce', 'orders'], { env: gone.env })
  await once(child, 'spawn')
  const { status, stderr } = await ended()
  expect([status, stderr]).toEqual([1, expect.stringContaining('npm start')])
})
