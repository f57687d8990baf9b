/**
 * Goal: the members of a group behind a load balancer process every record once, in its order,
 * although each gateway and each control plane is killed once, and so is a broker.
 */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ClusterProcess, type Role } from './support/cluster-process.ts'
import { writeUntil } from './support/partition-writers.ts'
import { getJson, postJson, readTopic } from './support/read-topic.ts'
import { RoundRobinMember } from './support/round-robin-member.ts'
import type { Credentials } from './support/standalone.ts'
import { until } from './support/until.ts'

const TOPIC = { name: 'orders', partitions: 4, replicationFactor: 3 }
const GROUP = 'billing'
const PROGRESS_RECORDS = 100

let cluster: ClusterProcess
let gateways: [Credentials, Credentials, Credentials]

beforeAll(async () => {
  cluster = await ClusterProcess.startWith(
    { COURANT_SESSION_TIMEOUT_MS: '2000' },
    '--gateways',
    '3',
  )
  gateways = [await cluster.gateway(1), await cluster.gateway(2), await cluster.gateway(3)]
})

afterAll(async () => {
  await cluster.stop()
})

it('gives each record once while any process dies', async () => {
  await postJson(gateways[0], '/v1/topics', TOPIC)
  const members = ['one', 'two'].map(
    (memberId) => new RoundRobinMember(gateways, GROUP, memberId, TOPIC.name),
  )
  const processed = () => members.flatMap((member) => member.processed)
  const victims: readonly [Role, number][] = [
    ['gateway', 1],
    ['control-plane', 1],
    ['gateway', 2],
    ['broker', 1],
    ['gateway', 3],
    ['control-plane', 2],
  ]
  const killing = async (): Promise<void> => {
    for (const [role, id] of victims) {
      await cluster.kill(role, id)
      await progress(processed)
      await cluster.order('restart', role, String(id))
      await progress(processed)
    }
  }
  const killed = killing()
  await writeUntil(killed, gateways, TOPIC)
  await killed
  await untilCaughtUp()
  await Promise.all(members.map((member) => member.stop()))

  const place = ({ partition, offset }: { partition: number; offset: number }) =>
    `${partition}/${offset}`
  const stored = await readTopic(gateways[0], TOPIC.name, TOPIC.partitions)
  expect(processed().map(place).sort()).toEqual(stored.map(place).sort())
  for (const { processed: own } of members) {
    const last = new Map<number, number>()
    for (const { partition, offset } of own) {
      expect(offset).toBeGreaterThan(last.get(partition) ?? -1)
      last.set(partition, offset)
    }
  }
  // Else nobody was hit by what was killed.
  expect(members.reduce((sum, { repeats }) => sum + repeats, 0)).toBeGreaterThan(0)
})

async function progress(processed: () => unknown[]): Promise<void> {
  const enough = processed().length + PROGRESS_RECORDS
  await until(async () => (processed().length >= enough ? true : null))
}

async function untilCaughtUp(): Promise<void> {
  await until(async () => {
    const { lagRecords } = await getJson(gateways[0], `/v1/groups/${GROUP}`)
    return lagRecords === 0 ? true : null
  })
}
