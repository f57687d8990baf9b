/**
 * Goal: one process at a time is a broker, its partitions are led by somebody who has every
 * acknowledged record or by nobody, and nobody relies on a broker that was fenced.
 */
import type { RegisterBrokerResponse } from '@courant/api/internal/v1/broker'
import { BrokerState } from '@courant/api/internal/v1/metadata'
import { systemRandom } from '@courant/kernel'
import type pg from 'pg'
import { afterEach, describe, expect, it } from 'vitest'
import { fenceBroker } from '../src/brokers/fence-broker.ts'
import { Cluster } from '../src/cluster.ts'
import {
  type BrokerProcess,
  cleanUp,
  connect,
  databases,
  newBroker,
  openDatabase,
  type Running,
  restarted,
  type StartOptions,
  start,
  until,
} from './fixture.ts'

let url: string
let running: Running
/** Looks at the tables beside the control plane. */
let client: pg.Client

afterEach(cleanUp)

/** For tests in which a broker falls silent. */
const SHORT_MS = 1_000

interface PartitionState {
  readonly leader: number | null
  readonly leader_epoch: number
  readonly in_sync_replicas: number[]
  readonly eligible_replicas: number[]
  readonly last_known_eligible_replicas: number[]
}

/** One partition on all given brokers, which are active. */
async function startWithTopic(
  brokers: readonly BrokerProcess[],
  options: StartOptions = {},
): Promise<Map<number, RegisterBrokerResponse>> {
  url = await databases.create()
  running = await start(url, options)
  client = await connect(url)
  const registered = new Map<number, RegisterBrokerResponse>()
  for (const broker of brokers) {
    registered.set(broker.brokerId, await running.activeBroker(broker))
  }
  const { tenant } = await running.createTenant('acme')
  const tenantId = tenant?.tenantId ?? ''
  await running.createTopic({ tenantId, name: 'orders', replicationFactor: brokers.length })
  return registered
}

async function partition(): Promise<PartitionState> {
  const { rows } = await client.query('SELECT * FROM courant.partition')
  expect(rows).toHaveLength(1)
  return rows[0]
}

async function stateOf(brokerId: number): Promise<string> {
  const { rows } = await client.query('SELECT state FROM courant.broker WHERE broker_id = $1', [
    brokerId,
  ])
  return rows[0].state
}

function epochOf(registered: Map<number, RegisterBrokerResponse>, brokerId: number): number {
  return registered.get(brokerId)?.brokerEpoch ?? 0
}

describe('a registration', () => {
  it('that is repeated because its answer was lost gets the same epoch', async () => {
    const broker = newBroker(1)
    await startWithTopic([broker])
    const first = await running.register(broker)
    expect(await running.register(broker)).toEqual(first)
  })

  it('gets an epoch that is larger than all before', async () => {
    const registered = await startWithTopic([newBroker(1), newBroker(2)])
    expect(epochOf(registered, 2)).toBeGreaterThan(epochOf(registered, 1))
  })

  it('is refused while another process holds the id, also one with a stale copy of its disk', async () => {
    const broker = newBroker(1)
    const first = epochOf(await startWithTopic([broker]), 1)
    const refused = { code: 'DUPLICATE_BROKER' }
    await expect(running.register(newBroker(1))).rejects.toMatchObject(refused)
    const stale = restarted(broker, first - 1)
    await expect(running.register(stale)).rejects.toMatchObject(refused)
  })

  it('of a data directory of another cluster is refused for good', async () => {
    await startWithTopic([newBroker(1)])
    const foreign = { ...newBroker(2), clusterId: systemRandom.uuid() }
    await expect(running.register(foreign)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })

  it('lets one of two new processes win that register at the same moment', async () => {
    await startWithTopic([newBroker(1)])
    const both = await Promise.allSettled([
      running.register(newBroker(7)),
      running.register(newBroker(7)),
    ])
    // A registered broker is fenced, and a fenced one may be replaced: the later of the two is it.
    const epochs = both.map((result) =>
      result.status === 'fulfilled' ? result.value.brokerEpoch : 0,
    )
    const [loser, winner] = epochs.sort((a, b) => a - b)
    const stale = { brokerEpoch: loser ?? 0, metadataVersion: loser ?? 0 }
    await expect(running.heartbeat(7, stale)).rejects.toMatchObject({ code: 'STALE_BROKER_EPOCH' })
    const valid = { brokerEpoch: winner ?? 0, metadataVersion: winner ?? 0 }
    expect((await running.heartbeat(7, valid)).state).toBe(BrokerState.BROKER_STATE_ACTIVE)
  })

  it('takes over at once from the process before it on the same disk, which is then stale', async () => {
    const broker = newBroker(1)
    const registered = await startWithTopic([broker])
    const before = registered.get(1)
    if (before === undefined) throw new Error('registered')
    await running.register(restarted(broker, before.brokerEpoch))
    await expect(running.heartbeat(1, before)).rejects.toMatchObject({ code: 'STALE_BROKER_EPOCH' })
  })
})

describe('after a restart', () => {
  it('another broker leads at once, while the one that began anew recovers', async () => {
    const brokers = new Map([1, 2].map((id) => [id, newBroker(id)]))
    const registered = await startWithTopic([...brokers.values()])
    const before = (await partition()).leader ?? 0
    const broker = brokers.get(before)
    if (broker === undefined) throw new Error('started')
    await running.register(restarted(broker, epochOf(registered, before)))
    expect(await partition()).toMatchObject({
      leader: before === 1 ? 2 : 1,
      eligible_replicas: [before],
    })
  })
})

describe('after a restart, a single broker', () => {
  it('leads again if its disk has everything (kill -9 is no loss)', async () => {
    const broker = newBroker(1)
    const epoch = epochOf(await startWithTopic([broker]), 1)
    const again = await running.register(restarted(broker, epoch))
    expect(await partition()).toMatchObject({
      leader: null,
      in_sync_replicas: [],
      eligible_replicas: [1],
    })
    await running.heartbeat(1, again)
    expect(await partition()).toMatchObject({
      leader: 1,
      leader_epoch: 2,
      in_sync_replicas: [1],
      eligible_replicas: [],
    })
  })

  it.each([
    [
      'something on its disk was damaged',
      (b: BrokerProcess, epoch: number) => restarted(b, epoch, false),
    ],
    ['its disk is a new one', (b: BrokerProcess) => newBroker(b.brokerId)],
    ['its disk is a stale copy', (b: BrokerProcess, epoch: number) => restarted(b, epoch - 1)],
  ])('does not lead if %s', async (_, next) => {
    const broker = newBroker(1)
    const registered = await startWithTopic([broker])
    const epoch = epochOf(registered, 1)
    // Without its session, so that the registration is accepted.
    await client.query('UPDATE courant.broker_session SET expires_at = now()')
    const again = await running.register(next(broker, epoch))
    const { state } = await running.heartbeat(1, again)
    expect(state).toBe(BrokerState.BROKER_STATE_ACTIVE)
    expect(await partition()).toMatchObject({
      leader: null,
      in_sync_replicas: [],
      eligible_replicas: [],
      last_known_eligible_replicas: [1],
    })
  })

  it('does not become active before it is ready, current, and its disk works', async () => {
    const broker = newBroker(1)
    const epoch = epochOf(await startWithTopic([broker]), 1)
    const again = await running.register(restarted(broker, epoch))
    const fenced = { state: BrokerState.BROKER_STATE_FENCED }
    const behind = { ...again, metadataVersion: again.metadataVersion - 1 }
    expect(await running.heartbeat(1, again, { ready: false })).toMatchObject(fenced)
    expect(await running.heartbeat(1, behind)).toMatchObject(fenced)
    expect(await running.heartbeat(1, again, { storageOffline: true })).toMatchObject(fenced)
    expect((await running.heartbeat(1, again)).state).toBe(BrokerState.BROKER_STATE_ACTIVE)
  })
})

describe('a broker that falls silent', () => {
  it('is fenced, and leads again with the same epoch when it is heard again (B2.8)', async () => {
    const registered = await startWithTopic([newBroker(1)], { sessionTimeoutMs: SHORT_MS })
    await until(async () => (await partition()).leader === null)
    expect(await partition()).toMatchObject({ in_sync_replicas: [], eligible_replicas: [1] })
    expect(await stateOf(1)).toBe('fenced')
    const known = registered.get(1)
    if (known === undefined) throw new Error('registered')
    const { metadataVersion } = await running.lookupApiKey('')
    const { state } = await running.heartbeat(1, { ...known, metadataVersion })
    expect(state).toBe(BrokerState.BROKER_STATE_ACTIVE)
    expect(await partition()).toMatchObject({ leader: 1, in_sync_replicas: [1] })
  })

  it('in its copy of the metadata is fenced though it is heard, until it follows (amendment 5)', async () => {
    const registered = await startWithTopic([newBroker(1)], { sessionTimeoutMs: SHORT_MS })
    const lagging = registered.get(1)
    if (lagging === undefined) throw new Error('registered')
    await until(async () => {
      await running.heartbeat(1, lagging)
      return (await stateOf(1)) === 'fenced'
    })
    const { state } = await running.heartbeat(1, lagging)
    expect(state).toBe(BrokerState.BROKER_STATE_FENCED)
    const { metadataVersion } = await running.lookupApiKey('')
    expect((await running.heartbeat(1, { ...lagging, metadataVersion })).state).toBe(
      BrokerState.BROKER_STATE_ACTIVE,
    )
  })

  it('gives its leadership to a replica that is in sync', async () => {
    const registered = await startWithTopic([newBroker(1), newBroker(2)], {
      sessionTimeoutMs: SHORT_MS,
    })
    const silent = (await partition()).leader ?? 0
    const other = silent === 1 ? 2 : 1
    const known = registered.get(other)
    if (known === undefined) throw new Error('registered')
    await until(async () => {
      const { metadataVersion } = await running.lookupApiKey('')
      await running.heartbeat(other, { ...known, metadataVersion })
      return (await stateOf(silent)) === 'fenced'
    })
    await until(async () => (await partition()).leader === other)
    // Two replicas need a minimum of two: the one that left still has everything.
    expect(await partition()).toMatchObject({
      leader_epoch: 1,
      in_sync_replicas: [other],
      eligible_replicas: [silent],
    })
  })

  it('is not fenced by a control plane that has just begun to watch', async () => {
    await startWithTopic([newBroker(1)])
    await client.query('UPDATE courant.broker_session SET expires_at = now()')
    const other = await start(url)
    await other.createTenant('proves that it runs')
    expect(await stateOf(1)).toBe('active')
  })

  it('and is heard at the last moment is not fenced (B2.6)', async () => {
    const epoch = epochOf(await startWithTopic([newBroker(1)]), 1)
    const database = openDatabase(url)
    expect(await fenceBroker(await Cluster.open(database), 1, epoch)).toBe(false)
    expect(await stateOf(1)).toBe('active')
  })

  it('and is being fenced gets no replica: either side sees what the other did (bug 10)', async () => {
    await startWithTopic([newBroker(1)], { sessionTimeoutMs: SHORT_MS })
    const creator = await connect(url)
    await creator.query('BEGIN')
    await creator.query('SELECT courant.lock_active_brokers()')
    await until(async () => {
      const { rows } = await client.query(
        `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'
           AND usename IS NOT NULL AND query ILIKE '%"courant"."broker"%for update%'`,
      )
      return rows.length > 0
    })
    // The fencing waits for us; the partition that we make now must not escape it.
    await creator.query(`
      INSERT INTO courant.topic SELECT gen_random_uuid(), tenant_id, 'raced', 1, 1 FROM courant.tenant;
      INSERT INTO courant.partition
        SELECT topic_id, 0, tenant_id, '{1}', '{1}', '{}', '{}', 1, 0, 0, 1
          FROM courant.topic WHERE name = 'raced'`)
    await creator.query('COMMIT')
    await until(async () => (await stateOf(1)) === 'fenced')
    await until(async () => {
      const { rows } = await creator.query('SELECT FROM courant.partition WHERE leader IS NOT NULL')
      return rows.length === 0
    })
  })
})

describe('a broker that wants to stop', () => {
  it('may when somebody else leads, and is in sync no more', async () => {
    const registered = await startWithTopic([newBroker(1), newBroker(2)])
    const leaving = (await partition()).leader ?? 0
    const known = registered.get(leaving)
    if (known === undefined) throw new Error('registered')
    expect(await running.heartbeat(leaving, known, { wantShutdown: true })).toMatchObject({
      state: BrokerState.BROKER_STATE_DRAINING,
      mayStop: true,
    })
    const after = await partition()
    expect(after.leader).not.toBe(leaving)
    expect(after.in_sync_replicas).toEqual([after.leader])
  })

  it('may also when nobody else could lead, and serves until it is gone', async () => {
    const registered = await startWithTopic([newBroker(1)])
    const known = registered.get(1)
    if (known === undefined) throw new Error('registered')
    const answer = await running.heartbeat(1, known, { wantShutdown: true })
    expect(answer.mayStop).toBe(true)
    expect(await partition()).toMatchObject({ leader: 1, in_sync_replicas: [1] })
  })

  it('gets no new partitions meanwhile', async () => {
    const registered = await startWithTopic([newBroker(1)])
    const known = registered.get(1)
    if (known === undefined) throw new Error('registered')
    await running.heartbeat(1, known, { wantShutdown: true })
    const { tenants } = await running.listTenants({ limit: 1, afterName: '', prefix: '' })
    const topic = { tenantId: tenants[0]?.tenantId ?? '', name: 'late' }
    await expect(running.createTopic(topic)).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' })
  })
})

describe('a lowered minimum of in-sync replicas', () => {
  it('ends the eligibility of those without whom its leader now goes on (B3.4)', async () => {
    const registered = await startWithTopic([newBroker(1), newBroker(2)])
    const known = registered.get(2)
    if (known === undefined) throw new Error('registered')
    await running.heartbeat(2, known, { storageOffline: true })
    expect(await partition()).toMatchObject({ leader: 1, eligible_replicas: [2] })
    const { tenants } = await running.listTenants({ limit: 1, afterName: '', prefix: '' })
    const set = { 'min.insync.replicas': '1' }
    await running.alterTopic({ tenantId: tenants[0]?.tenantId ?? '', name: 'orders', set })
    expect(await partition()).toMatchObject({ leader: 1, eligible_replicas: [] })
  })
})

describe('a heartbeat', () => {
  it('never moves the metadata version', async () => {
    const registered = await startWithTopic([newBroker(1)])
    const known = registered.get(1)
    if (known === undefined) throw new Error('registered')
    const before = await running.lookupApiKey('')
    await running.heartbeat(1, known)
    expect(await running.lookupApiKey('')).toEqual(before)
  })

  it('is told how new the metadata was when it renewed the session', async () => {
    const registered = await startWithTopic([newBroker(1)])
    const known = registered.get(1)
    if (known === undefined) throw new Error('registered')
    const { metadataVersion } = await running.lookupApiKey('')
    expect(metadataVersion).toBeGreaterThan(known.metadataVersion)
    const { renewedAt } = await running.heartbeat(1, known)
    expect(renewedAt).toEqual({ clusterIncarnation: 1, metadataVersion })
  })

  it('of a broker whose disk failed ends its leaderships', async () => {
    const registered = await startWithTopic([newBroker(1), newBroker(2)])
    const failed = (await partition()).leader ?? 0
    const known = registered.get(failed)
    if (known === undefined) throw new Error('registered')
    await running.heartbeat(failed, known, { storageOffline: true })
    expect(await stateOf(failed)).toBe('fenced')
    expect((await partition()).leader).not.toBe(failed)
  })
})
