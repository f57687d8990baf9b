/**
 * Goal: what three brokers have acknowledged survives a database that is away for many sessions, a
 * leader that wakes up when another leads, and an operator who gives up what the last one had.
 */
import { systemClock, wait } from '@courant/kernel'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ClusterProcess } from './support/cluster-process.ts'
import { FailOverProducer } from './support/fail-over-producer.ts'
import { getJson, postJson, readTopic } from './support/read-topic.ts'
import type { Credentials } from './support/standalone.ts'
import { until } from './support/until.ts'

const SESSION_MS = 2_000
const OUTAGE_MS = 10 * SESSION_MS
const NO_FAULTS = { lost: [], twice: [], disordered: [] }

let cluster: ClusterProcess
let gateways: [Credentials, Credentials]
let operator: Credentials

beforeAll(async () => {
  cluster = await ClusterProcess.startWith({ COURANT_SESSION_TIMEOUT_MS: String(SESSION_MS) })
  gateways = [await cluster.gateway(1), await cluster.gateway(2)]
  operator = { url: gateways[0].url, apiKey: (await cluster.file()).operatorKey }
})

afterAll(async () => {
  await cluster.stop()
})

interface PartitionState {
  readonly leader: number | null
  readonly replicas: readonly number[]
  readonly inSyncReplicas: readonly number[]
}

/** Partition 0 of a topic, as a gateway knows it. */
async function partitionOf(topic: string): Promise<PartitionState> {
  return (await getJson(gateways[0], `/v1/topics/${topic}`)).partitionDetails[0]
}

/** Waits until the broker leads, or until somebody else does. */
async function untilLed(topic: string, by: (leader: number) => boolean): Promise<void> {
  await until(async () => {
    const { leader } = await partitionOf(topic)
    return leader !== null && by(leader) ? true : null
  })
}

async function untilInSync(topic: string, count: number): Promise<void> {
  await until(async () =>
    (await partitionOf(topic)).inSyncReplicas.length === count ? true : null,
  )
}

/** With its leader, once that has acknowledged something. */
async function produceTo(name: string): Promise<{ producer: FailOverProducer; leader: number }> {
  const producer = await FailOverProducer.start(gateways, { name, replicationFactor: 3 })
  return { producer, leader: (await partitionOf(name)).leader ?? 0 }
}

async function post(topic: string, ...values: readonly string[]): Promise<void> {
  const records = values.map((value) => ({ key: 'k', value }))
  await until(() => postJson(gateways[0], `/v1/topics/${topic}/records`, { records }))
}

async function read(topic: string): Promise<string[]> {
  return (await readTopic(gateways[0], topic, 1)).map(({ value }) => value)
}

it('fails no produce while PostgreSQL is away, and moves leaders again when it is back', async () => {
  const { producer, leader } = await produceTo('static')
  await cluster.kill('postgres', 1)
  await wait(systemClock, OUTAGE_MS)
  await producer.progress()
  expect(producer.failures).toEqual([])
  const known = producer.acknowledged.length
  expect((await read('static')).length).toBeGreaterThanOrEqual(known)
  await cluster.order('restart', 'postgres', '1')
  await until(() => cluster.order('stop', 'broker', String(leader)))
  await untilLed('static', (next) => next !== leader)
  await untilInSync('static', 2)
  await producer.progress()
  await cluster.order('restart', 'broker', String(leader))
  await untilInSync('static', 3)
  await producer.stop()
  expect(await producer.faults()).toEqual(NO_FAULTS)
})

it('lets a leader that was paused for longer than its session follow its successor', async () => {
  const { producer, leader } = await produceTo('paused')
  const pid = await cluster.pid('broker', leader)
  process.kill(pid, 'SIGSTOP')
  await untilLed('paused', (next) => next !== leader)
  await producer.progress()
  process.kill(pid, 'SIGCONT')
  await untilInSync('paused', 3)
  await producer.progress()
  await producer.stop()
  expect(await producer.faults()).toEqual(NO_FAULTS)
  const before = await read('paused')
  await postJson(operator, '/v1/cluster/elections/preferred', {})
  await untilLed('paused', (next) => next === leader)
  // A leader learns in the first moments of its term how far its log is committed.
  await until(async () => ((await read('paused')).length >= before.length ? true : null))
  expect(await read('paused'), 'its own log').toEqual(before)
})

it('cuts what an unclean leader lacks from the broker that had it', async () => {
  const config = { minInsyncReplicas: 1 }
  const created = { name: 'unclean', partitions: 1, replicationFactor: 2, config }
  const { topicId } = await postJson(gateways[0], '/v1/topics', created)
  await post('unclean', 'kept 1', 'kept 2')
  const { leader, replicas } = await partitionOf('unclean')
  const last = leader ?? 0
  const other = replicas.find((id) => id !== last) ?? 0
  await cluster.kill('broker', other)
  await untilInSync('unclean', 1)
  await post('unclean', 'lost 1', 'lost 2')
  await cluster.kill('broker', last)
  await until(async () => ((await partitionOf('unclean')).leader === null ? true : null))
  const poll = { memberId: 'one', topics: ['unclean'], waitMs: 500 }
  await expect(postJson(gateways[0], '/v1/groups/readers/poll', poll)).rejects.toThrow('NOT_LEADER')
  await cluster.order('restart', 'broker', String(other))
  const order = { topicId, partition: 0, brokerId: other, acceptDataLoss: true }
  const answer = await postJson(operator, '/v1/cluster/elections/unclean', order)
  expect(answer).toMatchObject({ elected: true, leader: other })
  await post('unclean', 'new')
  await cluster.order('restart', 'broker', String(last))
  await untilInSync('unclean', 2)
  expect(await read('unclean')).toEqual(['kept 1', 'kept 2', 'new'])
  await cluster.order('stop', 'broker', String(other))
  await untilLed('unclean', (next) => next === last)
  expect(await read('unclean'), 'what was cut').toEqual(['kept 1', 'kept 2', 'new'])
})
