/**
 * Goal: three brokers go on with an old backup of the database, none of them restarted, and every
 * record that was acknowledged is there, also those of partitions that the backup knows nothing of.
 */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ClusterProcess } from './support/cluster-process.ts'
import { FailOverProducer } from './support/fail-over-producer.ts'
import { getJson, postJson, readTopic } from './support/read-topic.ts'
import { cleanEnvironment } from './support/repository.ts'
import { runProgram } from './support/run-program.ts'
import type { Credentials } from './support/standalone.ts'
import { until } from './support/until.ts'

const BROKERS = [1, 2, 3]
const REPLICATION = { replicationFactor: 3 }
const NO_FAULTS = { lost: [], twice: [], disordered: [] }

let cluster: ClusterProcess
let gateways: [Credentials, Credentials]
let database: string
let backup: string

beforeAll(async () => {
  cluster = await ClusterProcess.startWith({ COURANT_SESSION_TIMEOUT_MS: '2000' })
  gateways = [await cluster.gateway(1), await cluster.gateway(2)]
  database = join(cluster.dataDirectory, 'postgres')
  backup = join(cluster.dataDirectory, '../backup')
})

afterAll(async () => {
  await cluster.stop()
})

/** With owners and modes, which PostgreSQL looks at. */
async function copy(from: string, to: string): Promise<void> {
  const { status, stderr } = await runProgram('cp', ['-a', from, to], cleanEnvironment())
  if (status !== 0) throw new Error(stderr)
}

async function whileDatabaseIsDown(work: () => Promise<void>): Promise<void> {
  await cluster.order('stop', 'postgres', '1')
  await work()
  await cluster.order('restart', 'postgres', '1')
}

async function post(topic: string, partition: number, value: string): Promise<void> {
  const records = [{ partition, value }]
  await until(async () => {
    const answer = await postJson(gateways[0], `/v1/topics/${topic}/records`, { records })
    return answer.failed === 0 ? answer : null
  })
}

async function read(topic: string, partitions: number): Promise<string[]> {
  return (await readTopic(gateways[1], topic, partitions)).map(({ value }) => value)
}

/** Restarts who leads, so that others do, in terms that the backup knows nothing of. */
async function moveLeader(topic: string): Promise<void> {
  const { partitionDetails } = await getJson(gateways[0], `/v1/topics/${topic}`)
  await cluster.order('restart', 'broker', String(partitionDetails[0].leader))
}

async function restore(...args: readonly string[]) {
  const { status, stdout, stderr } = await cluster.command('restore', '--json', ...args)
  expect([status, stderr]).toEqual([0, ''])
  return JSON.parse(stdout)
}

const brokerPids = () => Promise.all(BROKERS.map((id) => cluster.pid('broker', id)))

it('goes on with an old backup of the database without a lost record', async () => {
  await postJson(gateways[0], '/v1/topics', { name: 'grown', partitions: 1, ...REPLICATION })
  const producer = await FailOverProducer.start(gateways, { name: 'known', ...REPLICATION })
  await whileDatabaseIsDown(() => copy(database, backup))

  await until(() => postJson(gateways[0], '/v1/topics', { name: 'later', ...REPLICATION }))
  await post('later', 0, 'of no topic')
  await postJson(gateways[0], '/v1/topics/grown/partitions', { partitions: 3 })
  for (const partition of [0, 1, 2]) await post('grown', partition, `record ${partition}`)
  await moveLeader('known')
  await producer.progress()
  const pids = await brokerPids()
  await whileDatabaseIsDown(async () => {
    await rm(database, { recursive: true })
    await copy(backup, database)
  })

  const refused = await until(async () => {
    const { stderr } = await cluster.courant('topics', 'create', 'refused')
    return stderr.includes('METADATA_ROLLBACK') ? stderr : null
  })
  expect(refused).toContain('courant cluster restore')
  await producer.progress()
  const table = await cluster.command('restore')
  expect(table.stdout).toMatch(/^default\/grown +2 +[123],[123],[123] +added$/m)
  expect(table.stdout).toMatch(/^default\/later +all \d+ +[123],[123],[123] +unknown$/m)
  expect(await restore()).toMatchObject({ wentBack: true, restored: false, silentBrokers: [] })
  expect(await restore('--accept-data-loss')).toMatchObject({ restored: true })
  expect(await restore()).toMatchObject({ wentBack: false, restored: false })

  await producer.progress()
  await until(() => postJson(gateways[1], '/v1/topics', { name: 'new', ...REPLICATION }))
  await post('grown', 2, 'written after')
  await producer.stop()
  expect(await producer.faults()).toEqual(NO_FAULTS)
  expect(await read('grown', 3)).toEqual(['record 0', 'record 1', 'record 2', 'written after'])
  await expect(getJson(gateways[0], '/v1/topics/later')).rejects.toThrow('TOPIC_NOT_FOUND')
  expect(await brokerPids()).toEqual(pids)
})
