/** Goal: what is printed is committed and nothing else, whatever happens to the answers. */
import { text } from 'node:stream/consumers'
import { afterEach, expect, test } from 'vitest'
import { runCourant, startCourant } from './run-courant.ts'
import { type ScriptedServer, startScriptedServer } from './scripted-server.ts'

let server: ScriptedServer | null = null
afterEach(async () => {
  await server?.stop()
  server = null
})

type Answer = readonly [status: number, body: object] | 'lost' | 'none'

/** Polls are answered as the script says, the rest with success. Requests as `what token`. */
async function serve(script: readonly Answer[], onPoll = (_: number): void => {}) {
  const asked: string[] = []
  let polls = 0
  server = await startScriptedServer(async (request, response) => {
    const { ack, leaseToken } = JSON.parse((await text(request)) || '{}')
    const isPoll = request.url?.endsWith('/poll') === true
    const name = request.method === 'DELETE' ? 'leave' : (request.url?.split('/').at(-1) ?? '')
    asked.push([name, ack ?? leaseToken ?? ''].join(' ').trim())
    if (!isPoll) return void response.writeHead(204).end()
    const answer = script[polls] ?? 'none'
    polls += 1
    onPoll(polls)
    if (answer === 'none') return
    if (answer === 'lost') return void response.destroy()
    const [status, body] = answer
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  return { asked, env: server.env }
}

function page(leaseToken: string, ...values: readonly string[]): Answer {
  const records = values.map((valueText, offset) => ({
    topic: 'orders',
    partition: 0,
    offset,
    timestamp: 1,
    key: null,
    valueText,
    headers: [],
  }))
  return [200, { records, leaseToken, leaseExpiresAt: 1, assignment: [], revoked: [] }]
}

function problem(code: string, status: number, retriable: boolean): Answer {
  return [status, { code, status, detail: 'No.', applied: 'no', retriable }]
}

const consume = ['consume', 'orders', '--group', 'billing']

test('a lost answer is asked for again with the same token, and the end commits and leaves', async () => {
  const { asked, env } = await serve([page('one', 'a', 'b'), 'lost', page('two', 'c')])
  const { status, stdout, stderr } = await runCourant([...consume, '--max', '3'], { env })
  expect([status, stdout]).toEqual([0, 'a\nb\nc\n'])
  expect(asked).toEqual(['poll', 'poll one', 'poll one', 'commit two', 'leave'])
  expect(stderr).toMatch(/Trying again\.\nGoing on\.\n$/)
})

test('after a lost lease it reads on from the committed offsets and says so', async () => {
  const expired = problem('LEASE_EXPIRED', 409, false)
  const { asked, env } = await serve([page('one', 'a'), expired, page('two', 'a', 'b')])
  const { stdout, stderr } = await runCourant([...consume, '--max', '3'], { env })
  expect(stdout).toBe('a\na\nb\n')
  expect(asked).toEqual(['poll', 'poll one', 'poll', 'commit two', 'leave'])
  expect(stderr).toContain('may be printed again')
})

test('Ctrl-C while it waits commits what was printed', async () => {
  const waiting = Promise.withResolvers<void>()
  const script = [page('one', 'a')]
  const { asked, env } = await serve(script, (poll) => poll === 2 && waiting.resolve())
  const { child, ended } = startCourant(consume, { env, input: '' })
  await waiting.promise
  child.kill('SIGINT')
  expect(await ended()).toEqual({ status: 130, stdout: 'a\n', stderr: '' })
  expect(asked).toEqual(['poll', 'poll one', 'commit one', 'leave'])
})

test('what no other try mends ends the command, and the member leaves', async () => {
  const { asked, env } = await serve([problem('GROUP_FULL', 409, false)])
  const { status, stderr } = await runCourant([...consume, '--json'], { env })
  expect([status, JSON.parse(stderr).code]).toEqual([1, 'GROUP_FULL'])
  expect(asked).toEqual(['poll', 'leave'])
})

test.each([
  [['consume', 'orders', 'payments']],
  [[...consume, '--partition', '0']],
  [[...consume, '--from', '7']],
  [[...consume, '--since', '1h']],
])('%j is refused before anything is asked', async (args) => {
  const { asked, env } = await serve([])
  const { status } = await runCourant(args, { env })
  expect([status, asked]).toEqual([2, []])
})
