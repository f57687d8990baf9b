/** Goal: what operators order is sent as they mean it, and waiting ends when and as it should. */
import { text } from 'node:stream/consumers'
import { afterEach, expect, test } from 'vitest'
import { type Ended, runCourant, startCourant } from './run-courant.ts'
import { type ScriptedServer, startScriptedServer } from './scripted-server.ts'

const TOPIC_ID = '7b0c4c3e-9a44-4d0e-8a2f-3c1f6f5f2f10'

let server: ScriptedServer | null = null
afterEach(async () => {
  await server?.stop()
  server = null
})

/** Requests as `METHOD path body`, and what answers each in turn; the last answers all further. */
async function script(...answers: readonly (object | number)[]): Promise<string[]> {
  const asked: string[] = []
  server = await startScriptedServer(async (request, response) => {
    const body = await text(request)
    const answer = answers[Math.min(asked.length, answers.length - 1)]
    asked.push(`${request.method} ${decodeURIComponent(request.url ?? '')} ${body}`.trim())
    const isStatus = typeof answer === 'number'
    response.writeHead(isStatus ? answer : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(isStatus ? problem(answer) : answer))
  })
  return asked
}

function problem(status: number) {
  const retriable = status === 503
  return {
    code: retriable ? 'CONTROL_PLANE_UNAVAILABLE' : 'X',
    detail: 'No.',
    applied: 'no',
    status,
    retriable,
  }
}

function operator(args: readonly string[]): Promise<Ended> {
  return runCourant(args, { env: environment() })
}

function environment(): Record<string, string> {
  return { COURANT_URL: server?.url ?? '', COURANT_OPERATOR_KEY: 'crt_operator' }
}

function broker(replicas: number, drain = 'DRAINING') {
  return { brokerId: 2, host: 'h', port: 1, rack: '', state: 'ACTIVE', drain, replicas }
}

const NO_MORE = { nextCursor: null }
const FOUND = { partitions: [{ topicId: TOPIC_ID }], ...NO_MORE }

test('a drain that is waited for says how far it is, through an outage, until it is done', async () => {
  const asked = await script(broker(2), broker(2), 503, broker(1), broker(0, 'DRAINED'))
  const { status, stdout, stderr } = await operator(['brokers', 'drain', '2', '--wait'])
  expect([status, stdout]).toEqual([0, 'Broker 2 is empty.\n'])
  expect(stderr.split('\n')).toEqual([
    'Draining broker 2: 2 replicas left.',
    'No. (CONTROL_PLANE_UNAVAILABLE) Trying again.',
    'Draining broker 2: 1 replica left.',
    '',
  ])
  expect(asked[0]).toBe('POST /v1/cluster/brokers/2/drain')
})

test('a drain is not waited for beyond the time that was given', async () => {
  await script(broker(7))
  const { status, stderr } = await operator(['brokers', 'drain', '2', '--wait', '--timeout', '1ms'])
  expect([status, stderr]).toEqual([1, expect.stringContaining('It goes on without this command.')])
})

test('a drain that somebody else has ended is a failure', async () => {
  await script(broker(2), broker(2, 'NONE'))
  const { status, stderr } = await operator(['brokers', 'drain', '2', '--wait'])
  expect([status, stderr]).toEqual([1, expect.stringContaining('has ended the drain')])
})

test('Ctrl-C ends the waiting, says that the drain goes on, and is the status', async () => {
  await script(broker(2))
  const { child, ended } = startCourant(['brokers', 'drain', '2', '-w'], {
    env: environment(),
    input: '',
  })
  child.stderr.once('data', () => child.kill('SIGINT'))
  const { status, stderr } = await ended()
  expect([status, stderr]).toEqual([130, expect.stringContaining('It goes on')])
})

test('a topic is named by its tenant and its name, and replicas keep their order', async () => {
  const result = {
    topicId: TOPIC_ID,
    partition: 3,
    replicas: [4, 1, 2],
    addingReplicas: [4],
    removingReplicas: [],
  }
  const asked = await script(FOUND, { results: [result], failed: 0 })
  const start = ['reassign', 'start', 'a/b/orders', '3', '--replicas', '4,1,2']
  expect(await operator(start)).toMatchObject({
    status: 0,
    stdout: 'a/b/orders, partition 3: moves to 4,1,2.\n',
  })
  const body = { reassignments: [{ topicId: TOPIC_ID, partition: 3, replicas: [4, 1, 2] }] }
  expect(asked).toEqual([
    'GET /v1/cluster/partitions?tenant=a/b&topic=orders&limit=1',
    `POST /v1/cluster/reassignments ${JSON.stringify(body)}`,
  ])
  expect(await operator(['reassign', 'cancel', 'orders', '3'])).toMatchObject({ status: 2 })
})

test('a move is over when the partition is no longer among those that move', async () => {
  const moving = {
    topicId: TOPIC_ID,
    partition: 3,
    replicas: [1, 2],
    addingReplicas: [2],
    removingReplicas: [1],
  }
  await script(
    { results: [moving], failed: 0 },
    { partitions: [moving], ...NO_MORE },
    { partitions: [], ...NO_MORE },
  )
  const start = ['reassign', 'start', TOPIC_ID, '3', '--replicas', '2', '--wait']
  const { status, stdout, stderr } = await operator(start)
  expect([status, stdout.split('\n')[1]]).toEqual([0, `${TOPIC_ID}, partition 3: has moved.`])
  expect(stderr).toContain('waits for 2 to catch up')
})

test('a refusal among results is the failure of the command', async () => {
  const refused = {
    topicId: TOPIC_ID,
    partition: 0,
    replicas: [1],
    addingReplicas: [],
    removingReplicas: [],
  }
  await script({ results: [{ ...refused, problem: problem(409) }], failed: 1 })
  expect(await operator(['reassign', 'cancel', TOPIC_ID, '0'])).toMatchObject({
    status: 1,
    stdout: '',
  })
})

test('data loss is accepted only by the option that says so', async () => {
  const report = {
    elected: false,
    leader: null,
    leaderEpoch: 6,
    replicas: [{ brokerId: 1, state: null, standing: 'BEHIND' }],
  }
  const asked = await script(report)
  const elect = ['elect', 'unclean', TOPIC_ID, '0', '--broker', '1']
  const { stdout } = await operator(elect)
  expect(stdout).toMatch(/^ +1 +removed +behind$/m)
  expect(stdout).toContain('nothing was done')
  await operator([...elect, '--accept-data-loss', '--json'])
  expect(asked.map((request) => JSON.parse(request.split(' ')[2] ?? '').acceptDataLoss)).toEqual([
    false,
    true,
  ])
})

test('partitions are filtered by what the server calls a state', async () => {
  const asked = await script({ partitions: [], ...NO_MORE })
  const list = ['partitions', 'list', '--broker', '2', '--state']
  expect((await operator([...list, 'below-min-insync'])).status).toBe(0)
  expect(asked).toEqual(['GET /v1/cluster/partitions?limit=1000&brokerId=2&state=BELOW_MIN_INSYNC'])
  expect((await operator([...list, 'broken'])).status).toBe(2)
})
