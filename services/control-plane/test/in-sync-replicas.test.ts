/**
 * Goal: a leader alone decides who is in sync, from the newest state alone, and only for brokers
 * that count: who is fenced, restarted or on its way out never gets in (B4).
 */
import type { InSyncReplica, InSyncResult } from '@courant/api/internal/v1/broker'
import { topicId as asTopicId, partitionIndex, systemRandom } from '@courant/kernel'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type BrokerProcess,
  cleanUp,
  connect,
  databases,
  newBroker,
  type Running,
  restarted,
  start,
  until,
} from './fixture.ts'

let running: Running
/** Looks at the tables beside the control plane. */
let client: pg.Client
let tenantId: string
/** Of the test that runs. */
let topicId: string
const BROKERS = [1, 2, 3]
const processes = new Map<number, BrokerProcess>()
const epochs = new Map<number, number>()

beforeAll(async () => {
  const url = await databases.create()
  running = await start(url)
  client = await connect(url)
  for (const brokerId of BROKERS) await begin(newBroker(brokerId))
  tenantId = (await running.createTenant('acme')).tenant?.tenantId ?? ''
})
afterAll(cleanUp)

interface Row {
  readonly topic_id: string
  readonly partition: number
  readonly leader: number | null
  readonly leader_epoch: number
  readonly partition_epoch: number
  readonly in_sync_replicas: number[]
  readonly eligible_replicas: number[]
}

/** A topic on three active brokers, whose minimum of in-sync replicas is two if it is not given. */
async function startWithTopic({ partitionCount = 1, minimum = 2 } = {}): Promise<void> {
  const { rows: left } = await client.query(
    "SELECT broker_id FROM courant.broker WHERE state <> 'active'",
  )
  for (const { broker_id } of left) await restart(broker_id)
  const name = systemRandom.uuid()
  const config = { 'min.insync.replicas': String(minimum) }
  const topic = { tenantId, name, partitionCount, replicationFactor: 3, config }
  topicId = (await running.createTopic(topic)).topic?.topicId ?? ''
}

async function begin(process: BrokerProcess): Promise<void> {
  processes.set(process.brokerId, process)
  epochs.set(process.brokerId, (await running.activeBroker(process)).brokerEpoch)
}

/** A new process on the same disk. */
async function restart(brokerId: number): Promise<void> {
  const process = processes.get(brokerId)
  if (process === undefined) throw new Error('a broker of this test')
  await begin(restarted(process, epochs.get(brokerId) ?? 0))
}

async function rows(): Promise<Row[]> {
  const sql = 'SELECT * FROM courant.partition WHERE topic_id = $1 ORDER BY partition'
  return (await client.query(sql, [topicId])).rows
}

async function row(): Promise<Row> {
  const [first] = await rows()
  if (first === undefined) throw new Error('there is a partition')
  return first
}

async function version(): Promise<number> {
  return (await running.lookupApiKey('')).metadataVersion
}

/** As known to who registered last. */
function members(...ids: number[]): InSyncReplica[] {
  return ids.map((brokerId) => ({ brokerId, brokerEpoch: epochs.get(brokerId) ?? 0 }))
}

function changeOf(of: Row, inSyncReplicas: InSyncReplica[]) {
  const { topic_id, partition, leader_epoch, partition_epoch } = of
  return {
    topicId: topic_id,
    partition,
    leaderEpoch: leader_epoch,
    partitionEpoch: partition_epoch,
    inSyncReplicas,
  }
}

function sender(brokerId: number | null) {
  return { brokerId: brokerId ?? 0, brokerEpoch: epochs.get(brokerId ?? 0) ?? 0 }
}

/** By the leader, from the newest state. */
async function alter(inSyncReplicas: InSyncReplica[]): Promise<InSyncResult> {
  const now = await row()
  const change = changeOf(now, inSyncReplicas)
  const { results } = await running.alterPartitions(sender(now.leader), [change])
  const [result] = results
  if (result === undefined) throw new Error('every change has a result')
  return result
}

/** The leader's followers. */
async function followers(): Promise<[leader: number, one: number, other: number]> {
  const { leader } = await row()
  const [one, other] = BROKERS.filter((brokerId) => brokerId !== leader)
  return [leader ?? 0, one ?? 0, other ?? 0]
}

describe('a leader', () => {
  it('takes replicas out and in again, each time with a new partition epoch', async () => {
    await startWithTopic()
    const [leader, one, other] = await followers()
    const first = await alter(members(leader, one))
    expect(first).toMatchObject({ error: '', row: { partitionEpoch: 1, leaderEpoch: 0, leader } })
    expect(await row()).toMatchObject({ partition_epoch: 1, eligible_replicas: [] })
    expect((await alter(members(leader, one, other))).row?.inSyncReplicas.sort()).toEqual(BROKERS)
  })

  it('leaves eligible who goes below the minimum, and forgets it at the minimum (KIP-966)', async () => {
    await startWithTopic()
    const [leader, one, other] = await followers()
    await alter(members(leader, one))
    const alone = await alter(members(leader))
    expect(alone.row).toMatchObject({ inSyncReplicas: [leader], eligibleReplicas: [one] })
    await alter(members(leader, other))
    expect(await row()).toMatchObject({ eligible_replicas: [] })
  })

  it('is answered the state that everybody sees from that version on', async () => {
    await startWithTopic()
    const [leader, one] = await followers()
    const now = await row()
    const change = changeOf(now, members(leader, one))
    const answer = await running.alterPartitions(sender(leader), [change])
    const { copy } = await running.watch(answer.metadataVersion, 'broker')
    const known = copy.partition(asTopicId(topicId), partitionIndex(0))
    expect(known).toMatchObject({ inSyncReplicas: answer.results[0]?.row?.inSyncReplicas })
  })

  it('that asks again, because the answer was lost, is told what became of it (bug 41)', async () => {
    await startWithTopic()
    const [leader, one] = await followers()
    const change = changeOf(await row(), members(leader, one))
    const first = await running.alterPartitions(sender(leader), [change])
    const second = await running.alterPartitions(sender(leader), [change])
    expect(second.results[0]).toEqual({
      ...first.results[0],
      error: 'INVALID_UPDATE_VERSION',
    })
    expect(second.metadataVersion).toBe(first.metadataVersion)
  })

  it('alters many partitions at once, and one that fails holds up no other', async () => {
    await startWithTopic({ partitionCount: 3 })
    const all = await rows()
    const [leader] = await followers()
    const own = all.filter((of) => of.leader === leader)
    const foreign = all.filter((of) => of.leader !== leader)
    const changes = all.map((of) => changeOf(of, members(leader)))
    const again = changes.slice(0, 1)
    const { results } = await running.alterPartitions(sender(leader), [...changes, ...again])
    expect(results.filter(({ error }) => error === '')).toHaveLength(own.length)
    expect(results.filter(({ error }) => error === 'NOT_LEADER')).toHaveLength(foreign.length)
    expect(results.at(-1)).toMatchObject({ partition: 0, error: 'INVALID_UPDATE_VERSION' })
  })
})

describe('a change of in-sync replicas is refused', () => {
  async function expectRefused(result: InSyncResult, error: string): Promise<void> {
    expect(result.error).toBe(error)
    const after = await row()
    expect(result.row).toMatchObject({
      partitionEpoch: after.partition_epoch,
      inSyncReplicas: after.in_sync_replicas,
    })
  }

  it('from an old partition epoch, whatever it asks for', async () => {
    await startWithTopic()
    const [leader, one, other] = await followers()
    const old = changeOf(await row(), members(leader, one))
    await alter(members(leader, other))
    const before = await version()
    const { results } = await running.alterPartitions(sender(leader), [old])
    await expectRefused(results[0] as InSyncResult, 'INVALID_UPDATE_VERSION')
    expect(await version()).toBe(before)
  })

  it('in an old term, also if it comes late from the one who leads again', async () => {
    await startWithTopic()
    const [leader, one] = await followers()
    const old = { ...changeOf(await row(), members(leader, one)), partitionEpoch: 2 }
    await client.query(
      'UPDATE courant.partition SET leader_epoch = 2, partition_epoch = 2 WHERE topic_id = $1',
      [topicId],
    )
    const { results } = await running.alterPartitions(sender(leader), [old])
    await expectRefused(results[0] as InSyncResult, 'FENCED_LEADER_EPOCH')
  })

  it('from somebody who does not lead', async () => {
    await startWithTopic()
    const [, one, other] = await followers()
    const change = changeOf(await row(), members(one, other))
    const { results } = await running.alterPartitions(sender(one), [change])
    await expectRefused(results[0] as InSyncResult, 'NOT_LEADER')
  })

  it('from a leader that knows more than the database: that went back in time (bug 39)', async () => {
    await startWithTopic()
    const [leader, one] = await followers()
    const change = changeOf(await row(), members(leader, one))
    for (const newer of [{ partitionEpoch: 1 }, { leaderEpoch: 1 }]) {
      const { results } = await running.alterPartitions(sender(leader), [{ ...change, ...newer }])
      await expectRefused(results[0] as InSyncResult, 'METADATA_ROLLBACK')
    }
  })

  it('without the leader, with a stranger, or with the same twice', async () => {
    await startWithTopic()
    const [leader, one, other] = await followers()
    for (const bad of [[one, other], [leader, 9], [leader, leader], []]) {
      await expectRefused(await alter(members(...bad)), 'INVALID_ARGUMENT')
    }
  })

  it('of a partition that is not there', async () => {
    await startWithTopic()
    const [leader] = await followers()
    const change = changeOf(await row(), members(leader))
    const { results } = await running.alterPartitions(sender(leader), [
      { ...change, topicId: systemRandom.uuid() },
      { ...change, topicId: 'not a uuid' },
      { ...change, partition: 7 },
    ])
    for (const result of results) {
      expect(result).toMatchObject({ error: 'PARTITION_NOT_FOUND', row: undefined })
    }
  })

  it('in favour of a broker that is fenced or on its way out (KIP-841, bug 10)', async () => {
    await startWithTopic()
    const [leader, one, other] = await followers()
    await alter(members(leader))
    const of = (brokerId: number) => ({ ...sender(brokerId), metadataVersion: 1_000_000 })
    await running.heartbeat(one, of(one), { storageOffline: true })
    await running.heartbeat(other, of(other), { wantShutdown: true })
    for (const brokerId of [one, other]) {
      await expectRefused(await alter(members(leader, brokerId)), 'INELIGIBLE_REPLICA')
    }
  })

  it('in favour of a broker that has restarted since it fetched (KIP-903, bug 11)', async () => {
    await startWithTopic()
    const [leader, one] = await followers()
    const fetched = members(leader, one)
    await restart(one)
    await expectRefused(await alter(fetched), 'INELIGIBLE_REPLICA')
    const unseen = [...members(leader), { brokerId: one, brokerEpoch: 0 }]
    await expectRefused(await alter(unseen), 'INELIGIBLE_REPLICA')
  })

  it('as a whole when the leader has begun anew', async () => {
    await startWithTopic()
    const now = await row()
    const old = sender(now.leader)
    const change = changeOf(now, members(...now.in_sync_replicas))
    await restart(now.leader ?? 0)
    await expect(running.alterPartitions(old, [change])).rejects.toMatchObject({
      code: 'STALE_BROKER_EPOCH',
    })
  })

  it('when a member is being fenced at this very moment: it waits and sees it (bug 10)', async () => {
    await startWithTopic()
    const [leader, one, other] = await followers()
    await alter(members(leader, one))
    await client.query('BEGIN')
    await client.query("UPDATE courant.broker SET state = 'fenced' WHERE broker_id = $1", [other])
    let isAnswered = false
    const answer = alter(members(leader, one, other)).finally(() => {
      isAnswered = true
    })
    await until(async () => {
      const { rows: waiting } = await client.query(
        `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND usename IS NOT NULL`,
      )
      return isAnswered || waiting.length > 0
    })
    await client.query('COMMIT')
    await expectRefused(await answer, 'INELIGIBLE_REPLICA')
  })
})

describe('a replica that catches up with a leader that wants to stop', () => {
  it('leads in its place at once', async () => {
    await startWithTopic({ minimum: 1 })
    const [leader, one] = await followers()
    await alter(members(leader))
    const leaving = { ...sender(leader), metadataVersion: 0 }
    await running.heartbeat(leader, leaving, { wantShutdown: true })
    const { error, row: after } = await alter(members(leader, one))
    expect(error).toBe('')
    expect(after).toMatchObject({ leader: one, leaderEpoch: 1, inSyncReplicas: [one] })
  })
})

describe('producer ids', () => {
  it('come in blocks that nobody else gets, with their owner on record', async () => {
    await startWithTopic()
    const answers = await Promise.all(
      [...BROKERS, ...BROKERS].map((brokerId) => {
        const owner = brokerId === 1 ? tenantId : ''
        return running.allocateProducerIds({ ...sender(brokerId), tenantId: owner })
      }),
    )
    expect(new Set(answers.map(({ firstProducerId }) => firstProducerId)).size).toBe(6)
    for (const { firstProducerId, count } of answers) expect(firstProducerId % count).toBe(0)
    const { rows: owned } = await client.query(
      'SELECT tenant_id FROM courant.producer_id_block WHERE broker_id = 1',
    )
    expect(owned).toEqual([{ tenant_id: tenantId }, { tenant_id: tenantId }])
  })

  it('go to no broker of an earlier epoch, and to no tenant that is not there', async () => {
    await startWithTopic()
    const { brokerId, brokerEpoch } = sender(1)
    const stale = running.allocateProducerIds({ brokerId, brokerEpoch: brokerEpoch - 1 })
    await expect(stale).rejects.toMatchObject({ code: 'STALE_BROKER_EPOCH' })
    const foreign = running.allocateProducerIds({ ...sender(1), tenantId: systemRandom.uuid() })
    await expect(foreign).rejects.toMatchObject({ code: 'TENANT_NOT_FOUND' })
  })
})
