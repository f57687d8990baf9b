/**
 * Goal: a broker keeps its place for what its disk has, whoever else has registered under its id
 * meanwhile, and loses it when a process becomes active on a disk that may lack something
 * (amendment 1 of the reliability rules).
 */
import { limits } from '@courant/kernel'
import type pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  type BrokerProcess,
  cleanUp,
  connect,
  databases,
  newBroker,
  type Running,
  restarted,
  start,
} from './fixture.ts'

let running: Running
/** Looks at the tables beside the control plane. */
let client: pg.Client
let tenantId: string
/** It alone led the partition, in this epoch; it is dead, and its session has ended. */
let broker: BrokerProcess
let epoch: number
let topicId: string
let id = 0

beforeAll(async () => {
  const url = await databases.create()
  running = await start(url)
  client = await connect(url)
  tenantId = (await running.createTenant('acme')).tenant?.tenantId ?? ''
})
afterAll(async () => {
  await cleanUp()
  await databases.close()
})

beforeEach(async () => {
  id += 1
  // Those of earlier tests would get the replica.
  await client.query("UPDATE courant.broker SET state = 'fenced'")
  broker = newBroker(id)
  epoch = (await running.activeBroker(broker)).brokerEpoch
  const { topic } = await running.createTopic({ tenantId, name: `orders-${id}` })
  topicId = topic?.topicId ?? ''
  await endSession()
})

function endSession(): Promise<unknown> {
  return client.query('UPDATE courant.broker_session SET expires_at = now()')
}

async function partition(): Promise<Record<string, unknown>> {
  const sql = 'SELECT * FROM courant.partition WHERE topic_id = $1'
  const { rows } = await client.query(sql, [topicId])
  expect(rows).toHaveLength(1)
  return rows[0]
}

const eligible = () => ({
  leader: null,
  eligible_replicas: [id],
  last_known_eligible_replicas: [],
})
const led = () => ({ leader: id, in_sync_replicas: [id], last_known_eligible_replicas: [] })
const lost = () => ({
  leader: null,
  eligible_replicas: [],
  last_known_eligible_replicas: [id],
})

const UNVOUCHED: [string, () => BrokerProcess][] = [
  ['damaged', () => restarted(broker, epoch, false)],
  ['a new one', () => newBroker(id)],
  ['a stale copy', () => restarted(broker, epoch - 1)],
]

describe('a process whose disk is', () => {
  describe.each(UNVOUCHED)('%s', (_, begin) => {
    it('costs its broker nothing before it is active: it may have been late, and gone', async () => {
      await running.register(begin())
      expect(await partition()).toMatchObject(eligible())
      await running.activeBroker(restarted(broker, epoch))
      expect(await partition()).toMatchObject(led())
    })

    it('is not believed the next time, when it has an epoch of its own', async () => {
      const process = begin()
      const { brokerEpoch } = await running.register(process)
      await running.activeBroker(restarted(process, brokerEpoch))
      expect(await partition()).toMatchObject(lost())
    })

    it('is believed for what is written on it once it is active, and no other disk is', async () => {
      const process = begin()
      const { brokerEpoch } = await running.activeBroker(process)
      expect(await partition()).toMatchObject(lost())
      // As an operator may elect it, and its session ends.
      await client.query(
        'UPDATE courant.partition SET leader = $1, in_sync_replicas = ARRAY[$1::integer] WHERE topic_id = $2',
        [id, topicId],
      )
      await endSession()
      await running.register(restarted(broker, epoch))
      const { brokerEpoch: next } = await running.register(restarted(process, brokerEpoch))
      await running.activeBroker(restarted(process, next))
      expect(await partition()).toMatchObject({ leader: id, in_sync_replicas: [id] })
      await endSession()
      await running.activeBroker(restarted(broker, epoch))
      expect(await partition()).toMatchObject(lost())
    })
  })
})

describe('a broker on the disk that it was active on', () => {
  it('keeps its place after any number of processes that died before they were ready', async () => {
    let previous = epoch
    for (let died = 0; died <= limits.vouchedEpochsMax; died++) {
      previous = (await running.register(restarted(broker, previous))).brokerEpoch
    }
    const { rows } = await client.query(
      'SELECT vouched_epochs FROM courant.broker WHERE broker_id = $1',
      [id],
    )
    expect(rows[0].vouched_epochs).toHaveLength(limits.vouchedEpochsMax)
    await running.activeBroker(restarted(broker, previous))
    expect(await partition()).toMatchObject(led())
  })

  it('keeps it when another epoch begins behind its back, late or not believed', async () => {
    const { brokerEpoch } = await running.register(restarted(broker, epoch))
    await running.register(restarted(broker, epoch))
    await running.register(restarted(broker, epoch - 1))
    await running.activeBroker(restarted(broker, brokerEpoch))
    expect(await partition()).toMatchObject(led())
  })

  it('loses nothing when it is fenced and heard again in the same epoch', async () => {
    const again = await running.activeBroker(restarted(broker, epoch))
    await running.heartbeat(id, again, { storageOffline: true })
    expect(await partition()).toMatchObject(eligible())
    const { metadataVersion } = await running.lookupApiKey('')
    await running.heartbeat(id, { ...again, metadataVersion })
    expect(await partition()).toMatchObject(led())
  })
})
