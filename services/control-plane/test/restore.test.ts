/** Goal: an operator goes on with an old backup, on the ground of the logs (reliability B1.2). */
import type { BrokerLogs, ReplicaLog } from '@courant/api/internal/v1/cluster'
import { afterEach, expect, it } from 'vitest'
import { cleanUp, connect, databases, newBroker, start } from './fixture.ts'
import { Operator } from './operator.ts'

afterEach(cleanUp)

const SEEN = { clusterIncarnation: 1, metadataVersion: 1_000 }
const DIRECTORIES = ['00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002']

function logsOf(brokerId: number, log: Partial<ReplicaLog>): BrokerLogs {
  const whole = { partition: 0, lastEpoch: 0, knownEpoch: 7, logEndOffset: 0 }
  return {
    brokerId,
    brokerEpoch: 900 + brokerId,
    directoryId: DIRECTORIES[brokerId - 1] ?? '',
    ...{ host: '127.0.0.1', port: 7_072, rack: '' },
    ...{ isServing: true, isIntact: true },
    logs: [{ topicId: '', isLeader: false, isDamaged: false, ...whole, ...log }],
  }
}

async function wentBack(config: Record<string, string> = {}) {
  const url = await databases.create()
  const running = await start(url)
  const operator = new Operator(running.controlPlane.address)
  const sessions = [await running.register(newBroker(1)), await running.register(newBroker(2))]
  for (const [index, session] of sessions.entries()) await running.heartbeat(index + 1, session)
  const { tenant } = await running.createTenant('acme')
  const tenantId = tenant?.tenantId ?? ''
  const made = await running.createTopic({ tenantId, name: 'orders', replicationFactor: 2, config })
  const topicId = made.topic?.topicId ?? ''
  const late = running.heartbeat(1, sessions[0] ?? { brokerEpoch: 0, metadataVersion: 0 }, {
    seen: SEEN,
  })
  await expect(late).rejects.toMatchObject({ code: 'METADATA_ROLLBACK' })
  return { running, operator, topicId, url }
}

/** Its id. */
async function newSigningKey(url: string): Promise<number> {
  const { rows } = await (await connect(url)).query(
    `INSERT INTO courant.signing_key (secret) VALUES (decode(repeat('ab', 32), 'hex'))
     RETURNING key_id`,
  )
  return rows[0].key_id
}

it('tells what it would do, and then lets the most complete log lead in an epoch of its own', async () => {
  const { running, operator, topicId } = await wentBack()
  const brokers = [
    logsOf(1, { topicId, lastEpoch: 3, logEndOffset: 90 }),
    logsOf(2, { topicId, lastEpoch: 6, logEndOffset: 80 }),
  ]
  const request = { brokers, silentBrokers: [], acceptDataLoss: false }
  const report = await operator.restore(request)
  expect(report).toMatchObject({ wentBack: true, restored: false, partitionsBehind: 1 })
  await expect(running.createTenant('other')).rejects.toMatchObject({ code: 'METADATA_ROLLBACK' })
  const done = await operator.restore({ ...request, acceptDataLoss: true })
  expect(done).toMatchObject({ restored: true, findings: [], silentBrokers: [] })
  expect(done.newMetadataVersion).toBeGreaterThan(1_000)
  const { partitions } = await operator.partitions({ topicId })
  expect(partitions[0]?.partition).toMatchObject({ leader: 2, inSyncReplicas: [2] })
  expect(partitions[0]?.partition?.leaderEpoch).toBeGreaterThan(7)
  await expect
    .poll(() => running.createTenant('other').catch(() => null), { timeout: 10_000 })
    .not.toBeNull()
  await running.heartbeat(2, { brokerEpoch: 902, metadataVersion: done.newMetadataVersion })
  expect(await operator.restore(request)).toMatchObject({ wentBack: false, restored: false })
})

it('gives no new signing key the id of one that gateways may have from after the backup', async () => {
  const { operator, url } = await wentBack()
  const before = await newSigningKey(url)
  await operator.restore({ brokers: [], silentBrokers: [], acceptDataLoss: true })
  expect(await newSigningKey(url)).toBeGreaterThan(before + 1_000)
})

it('lets nobody lead where a silent broker may have more', async () => {
  const { operator, topicId } = await wentBack({ 'min.insync.replicas': '1' })
  const brokers = [logsOf(1, { topicId, isLeader: true })]
  const done = await operator.restore({ brokers, silentBrokers: [], acceptDataLoss: true })
  expect(done).toMatchObject({ restored: true, silentBrokers: [2] })
  expect(done.findings).toMatchObject([{ kind: 1, topicName: 'orders', partition: 0 }])
  const { partitions } = await operator.partitions({ topicId })
  expect(partitions[0]?.partition).toMatchObject({ inSyncReplicas: [] })
})
