import { once } from 'node:events'
import { afterEach, expect, test } from 'vitest'
import { runCourant, startCourant } from './run-courant.ts'
import { type ScriptedServer, startScriptedServer } from './scripted-server.ts'

/** Makes the launcher, but not what it starts, believe that its Node is old. */
const OLD_NODE = [
  '--import',
  `data:text/javascript,Object.defineProperty(process.versions,'node',{value:'20.20.2'})`,
]

let server: ScriptedServer | null = null
afterEach(async () => {
  await server?.stop()
  server = null
})

test('under an old Node the pinned one is started, with our arguments and its status', async () => {
  const { status, stdout } = await runCourant(['topics', '--help'], { nodeFlags: OLD_NODE })
  expect([status, stdout.includes('add-partitions')]).toEqual([0, true])
  const failed = await runCourant(['topics', 'nonsense'], { nodeFlags: OLD_NODE })
  expect([failed.status, failed.stderr.includes("unknown command 'nonsense'")]).toEqual([2, true])
})

test('under an old Node streams and signals reach the command', async () => {
  const requested = Promise.withResolvers<void>()
  server = await startScriptedServer(async (request, response) => {
    response.writeHead(200, { 'content-type': 'application/x-ndjson' }).flushHeaders()
    requested.resolve()
    for await (const _ of request);
    response.end('{"done":true,"records":0,"failed":0}\n')
  })
  const { child, ended } = startCourant(['produce', 'orders'], {
    env: server.env,
    nodeFlags: OLD_NODE,
  })
  await requested.promise
  child.kill('SIGINT')
  const { status, stdout } = await ended()
  expect([status, stdout]).toEqual([130, expect.stringContaining('0 records written')])
})

test('a reader that has gone ends the command without a word', async () => {
  server = await startScriptedServer((request, response) => {
    const isList = request.url?.includes('/offsets') === true
    if (isList) {
      const offset = request.url?.includes('latest') ? 1_000_000 : 0
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ offsets: [{ partition: 0, offset }] }))
      return
    }
    const first = Number(new URL(request.url ?? '', 'http://x').searchParams.get('offset'))
    const record = (index: number): string =>
      `{"offset":${first + index},"timestamp":1,"key":null,"valueText":"${'x'.repeat(100)}","headers":[]}\n`
    response.end(Array.from({ length: 1_000 }, (_, index) => record(index)).join(''))
  })
  const { child, closed, stderr } = startCourant(['consume', 'orders'], {
    env: server.env,
    input: '',
  })
  await once(child.stdout, 'data')
  child.stdout.destroy()
  expect([await closed, await stderr]).toEqual([141, ''])
})
