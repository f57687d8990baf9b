/** Goal: lag is shown as it is and goes on being shown, and a reset moves only what was ordered. */
import { text } from 'node:stream/consumers'
import { afterEach, expect, test } from 'vitest'
import { runCourant, startCourant } from './run-courant.ts'
import { type ScriptedServer, startScriptedServer } from './scripted-server.ts'

let server: ScriptedServer | null = null
afterEach(async () => {
  await server?.stop()
  server = null
})

/** Requests as `METHOD path body`; `answer` is given the number of those before. */
async function serve(answer: (path: string, before: number) => readonly [number, object]) {
  const asked: string[] = []
  server = await startScriptedServer(async (request, response) => {
    const body = await text(request)
    const path = request.url ?? ''
    const [status, json] = answer(path, asked.length)
    asked.push(`${request.method} ${path} ${body}`.trim())
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(json))
  })
  return { asked, env: server.env }
}

function described(lagRecords: number | null) {
  const partition = {
    topic: 'orders',
    partition: 0,
    owner: 'worker-1',
    committedOffset: lagRecords === null ? null : 100 - lagRecords,
    logEndOffset: 100,
    lagRecords,
    lagMs: lagRecords === null ? null : 2_000,
  }
  return { group: 'billing', partitions: [partition] }
}

const GONE = {
  code: 'GROUP_NOT_FOUND',
  detail: 'No.',
  applied: 'no',
  status: 404,
  retriable: false,
}
const AWAY = { code: 'NOT_COORDINATOR', detail: 'No.', applied: 'no', status: 503, retriable: true }
const RESET = {
  dryRun: true,
  membersFenced: 0,
  partitions: [{ topic: 'orders', partition: 0, from: null, to: 7 }],
}

/** Without the blanks that make columns. */
function cells(stdout: string): string[] {
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.replaceAll(/ +/g, ' '))
}

test('lag of all groups leaves out one that is deleted meanwhile', async () => {
  const list = { groups: [{ group: 'gone' }, { group: 'billing' }], nextCursor: null }
  const { env } = await serve((path) => {
    if (path === '/v1/groups') return [200, list]
    return path.endsWith('/gone') ? [404, GONE] : [200, described(12)]
  })
  const { status, stdout } = await runCourant(['groups', 'lag'], { env })
  expect([status, cells(stdout)]).toEqual([
    0,
    [
      'GROUP TOPIC PARTITION CURRENT-OFFSET LOG-END-OFFSET LAG LAG-TIME OWNER',
      'billing orders 0 88 100 12 2 s worker-1',
    ],
  ])
  const named = await runCourant(['groups', 'lag', 'gone'], { env })
  expect([named.status, named.stderr]).toEqual([1, expect.stringContaining('GROUP_NOT_FOUND')])
})

test('lag that is watched shows its trend, through an outage, until Ctrl-C', async () => {
  const lags = [null, 30, 42, 42, 10]
  const { env } = await serve((_, before) => {
    if (before === 2) return [503, AWAY]
    const lag = lags[before > 2 ? before - 1 : before]
    return [200, described(lag === undefined ? 10 : lag)]
  })
  const args = ['groups', 'lag', 'billing', '--watch', '--every', '1ms']
  const { child, closed, stderr } = startCourant(args, { env })
  let printed = ''
  for await (const chunk of child.stdout) {
    printed += String(chunk)
    if (printed.includes(' -32') && !child.killed) child.kill('SIGINT')
  }
  expect(await closed).toBe(130)
  expect(await stderr).toBe('No. (NOT_COORDINATOR) Trying again.\n')
  const rows = cells(printed).filter((line) => line.startsWith('billing'))
  expect(rows.slice(0, 5).map((row) => row.split(' ').at(-1))).toEqual([
    '-',
    '-',
    '+12',
    '0',
    '-32',
  ])
})

test('a reset moves nothing unless it is told to, and fences nobody unless it is told to', async () => {
  const { asked, env } = await serve(() => [200, RESET])
  const reset = (...args: string[]) => runCourant(['groups', 'reset', 'billing', ...args], { env })
  const dry = await reset('--to', 'earliest')
  expect([dry.status, cells(dry.stdout).at(-1)]).toEqual([0, 'billing orders 0 - 7'])
  expect(dry.stderr).toContain('--execute')
  await reset('--shift=-100', '--topic', 'orders', '--partition', '0,2', '--execute')
  await reset('--to-time', '2026-11-24T09:30:00Z', '--execute', '--takeover')
  await reset('--to-offset', '7')
  await reset('--to-group', 'audit')
  const bodies = asked.map((line) => JSON.parse(line.slice(line.indexOf('{'))))
  const unarmed = { dryRun: true, fenceMembers: false }
  expect(asked[0]).toContain('POST /v1/groups/billing/offsets/reset ')
  expect(bodies).toEqual([
    { to: 'earliest', ...unarmed },
    {
      to: 'shift',
      shiftBy: -100,
      topic: 'orders',
      partitions: [0, 2],
      dryRun: false,
      fenceMembers: false,
    },
    { to: 'timestamp', timestamp: 1_795_512_600_000, dryRun: false, fenceMembers: true },
    { to: 'offset', offset: 7, ...unarmed },
    { to: 'group', fromGroup: 'audit', ...unarmed },
  ])
})

test.each([
  [[]],
  [['--to', 'earliest', '--shift', '5']],
  [['--shift', 'five']],
  [['--to', 'latest', '--partition', '0']],
])('a reset that does not say one place to go to is not sent: %j', async (args) => {
  const { asked, env } = await serve(() => [200, RESET])
  const { status } = await runCourant(['groups', 'reset', 'billing', ...args], { env })
  expect([status, asked]).toEqual([2, []])
})
