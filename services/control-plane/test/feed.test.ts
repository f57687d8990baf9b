/**
 * Goal: every copy of the metadata becomes what the tables say, whatever happens at the same time,
 * whenever it began to watch, and however slow it reads.
 * Method: copies as gateways and brokers keep them (packages/metadata), over real sockets.
 */
import { tenantId, topicId } from '@courant/kernel'
import type { MetadataWatcher } from '@courant/metadata'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import type { Database } from '../src/database/database.ts'
import { FeedState } from '../src/feed/feed-state.ts'
import { forgetDeletions } from '../src/feed/forget-deletions.ts'
import { readFeed, readFeedAndDigest } from '../src/feed/read-feed.ts'
import {
  cleanUp,
  connect,
  databases,
  newBroker,
  openDatabase,
  type Running,
  start,
  until,
} from './fixture.ts'

afterEach(cleanUp)

async function startWithTenant(): Promise<{ url: string; running: Running; tenant: string }> {
  const url = await databases.create()
  const running = await start(url)
  await running.activeBroker(newBroker(1))
  await running.activeBroker(newBroker(2))
  const { tenant } = await running.createTenant('acme')
  return { url, running, tenant: tenant?.tenantId ?? '' }
}

/** The version of the tables, once nobody writes any more. */
async function versionOf(url: string): Promise<number> {
  const client = await connect(url)
  const { rows } = await client.query('SELECT metadata_version FROM courant.cluster_meta')
  return Number(rows[0].metadata_version)
}

async function digestOf(database: Database) {
  const { head, sums } = await readFeedAndDigest(database, 0)
  return { version: head.metadataVersion, sums }
}

async function expectEqualToTables(
  url: string,
  watcher: MetadataWatcher,
  audience: 'gateway' | 'broker',
): Promise<void> {
  const database = openDatabase(url)
  const digest = await digestOf(database)
  expect(await watcher.copy.atLeast(digest.version, 10_000)).toBe(true)
  expect({ version: watcher.copy.version, sum: watcher.copy.digest }).toEqual({
    version: digest.version,
    sum: digest.sums[audience],
  })
}

/** One writer's way through the operations, each a small number. */
const script = fc.array(fc.nat(6), { minLength: 4, maxLength: 12 })

async function play(running: Running, tenant: string, name: string, steps: number[]) {
  const topic = { tenantId: tenant, name }
  for (const step of steps) {
    const failing = (error: unknown): null => {
      expect(error).toMatchObject({
        code: expect.stringMatching(/TOPIC_NOT_FOUND|ALREADY|PARTITI/),
      })
      return null
    }
    if (step <= 2) await running.createTopic({ ...topic, partitionCount: step + 1 }).catch(failing)
    if (step === 3) await running.addPartitions({ ...topic, partitionCount: 4 }).catch(failing)
    if (step === 4)
      await running.alterTopic({ ...topic, set: { 'retention.ms': '5' } }).catch(failing)
    if (step === 5) await running.deleteTopic(topic).catch(failing)
    if (step === 6) {
      const { apiKey } = await running.createApiKey({ tenantId: tenant, name })
      await running.revokeApiKey({ tenantId: tenant, keyId: apiKey?.keyId ?? '' })
    }
  }
}

describe('the feed under concurrent writers', () => {
  it('leaves every copy equal to the tables, and skips no version', async () => {
    const { url, running, tenant } = await startWithTenant()
    const other = await start(url)
    const gateway = await running.watch(1)
    const broker = await other.watch(1, 'broker')
    const scripts = fc.array(script, { minLength: 3, maxLength: 4 })
    let names = 0
    await fc.assert(
      fc.asyncProperty(scripts, async (writers) => {
        names += 1
        const playing = writers.map((steps, index) =>
          // Two writers share each topic, each through another control plane.
          play(index % 2 === 0 ? running : other, tenant, `topic-${names}-${index >> 1}`, steps),
        )
        const late = running.watch(1)
        await Promise.all(playing)
        await expectEqualToTables(url, gateway, 'gateway')
        await expectEqualToTables(url, broker, 'broker')
        await expectEqualToTables(url, await late, 'gateway')
      }),
      { numRuns: 6 },
    )
  }, 60_000)

  it('waits for a transaction that began to commit earlier (bug 38)', async () => {
    const { url, running, tenant } = await startWithTenant()
    const watcher = await running.watch(1)
    const slow = await connect(url)
    await slow.query('BEGIN')
    await slow.query(`SELECT courant.record_changes(1, '{tenant}', '{${tenant}}', '{false}')`)
    const creating = running.createTopic({ tenantId: tenant, name: 'fast' })
    // The fast one cannot take a version before the slow one has committed.
    const observer = await connect(url)
    await until(async () => {
      const { rows } = await observer.query(
        `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%record_changes%'`,
      )
      return rows.length > 0
    })
    await slow.query('COMMIT')
    const { metadataVersion } = await creating
    expect(await watcher.copy.atLeast(metadataVersion, 10_000)).toBe(true)
    expect(watcher.copy.tenant(tenantId(tenant))?.version).toBe(metadataVersion - 1)
    await expectEqualToTables(url, watcher, 'gateway')
  })

  it('would skip it with a sequence as position: the bug is real', async () => {
    const url = await databases.create()
    const [slow, fast] = [await connect(url), await connect(url)]
    await fast.query('CREATE TABLE feed (id bigserial PRIMARY KEY, what text)')
    await slow.query(`BEGIN; INSERT INTO feed (what) VALUES ('slow')`)
    await fast.query(`INSERT INTO feed (what) VALUES ('fast')`)
    const seen = await fast.query('SELECT id, what FROM feed WHERE id > 0')
    await slow.query('COMMIT')
    const next = await fast.query('SELECT what FROM feed WHERE id > $1', [seen.rows[0].id])
    expect([...seen.rows, ...next.rows].map(({ what }) => what)).toEqual(['fast'])
  })
})

describe('a watch', () => {
  it('gets a tombstone for a deleted topic, also from a snapshot long after', async () => {
    const { running, tenant } = await startWithTenant()
    const { topic } = await running.createTopic({ tenantId: tenant, name: 'gone' })
    const { metadataVersion } = await running.deleteTopic({ tenantId: tenant, name: 'gone' })
    const late = await running.watch(metadataVersion, 'broker')
    expect(late.copy.topicDeletedAt(topicId(topic?.topicId ?? ''))).toBe(metadataVersion)
  })

  it('brings brokers no tenant and no credential', async () => {
    const { url, running, tenant } = await startWithTenant()
    const { topic, metadataVersion } = await running.createTopic({
      tenantId: tenant,
      name: 'orders',
    })
    const { copy } = await running.watch(metadataVersion, 'broker')
    expect(copy.topicById(topicId(topic?.topicId ?? ''))?.name).toBe('orders')
    expect(copy.tenant(tenantId(tenant))).toBeNull()
    const { rows } = await (await connect(url)).query('SELECT key_id FROM courant.api_key')
    expect(rows).toHaveLength(1)
    expect(copy.apiKey(rows[0].key_id)).toBeNull()
  })

  it('begins with a snapshot for whoever is below the floor of forgotten deletions', async () => {
    const { url, running, tenant } = await startWithTenant()
    const { apiKey, metadataVersion } = await running.createApiKey({
      tenantId: tenant,
      name: 'old',
    })
    const keyId = apiKey?.keyId ?? ''
    const since = metadataVersion
    const before = await running.firstWatched(since)
    expect(before.$case).toBe('changes')
    const revoked = await running.revokeApiKey({ tenantId: tenant, keyId })
    await forgetDeletions(openDatabase(url), '0 seconds')
    const restarted = await start(url)
    expect((await restarted.firstWatched(since)).$case).toBe('snapshot')
    expect((await restarted.firstWatched(revoked.metadataVersion)).$case).toBe('changes')
  })

  it('begins with a snapshot for whoever comes from another incarnation', async () => {
    const { url, running, tenant } = await startWithTenant()
    const watcher = await running.watch(1)
    const client = await connect(url)
    await client.query('UPDATE courant.cluster_meta SET cluster_incarnation = 2')
    await until(() => watcher.copy.cluster?.clusterIncarnation === 2)
    const { created } = await running.createTopic({ tenantId: tenant, name: 'afterwards' })
    expect(created).toBe(true)
    await expectEqualToTables(url, watcher, 'gateway')
  })

  it('refuses a database that went back in time, and so does every change (B1.2)', async () => {
    const { url, running, tenant } = await startWithTenant()
    const version = await versionOf(url)
    const watcher = await running.watch(version)
    await (await connect(url)).query('UPDATE courant.cluster_meta SET metadata_version = 2')
    await until(() => !running.ports.health.readiness().ready)
    expect(running.ports.health.readiness().checks).toHaveProperty(
      'database',
      expect.stringContaining('METADATA_ROLLBACK'),
    )
    await expect(running.createTopic({ tenantId: tenant, name: 'late' })).rejects.toMatchObject({
      code: 'METADATA_ROLLBACK',
    })
    expect(watcher.copy.version).toBe(version)
  })
})

describe('the state that watchers are served from', () => {
  it('gives a slow watcher the sum of what it missed, and has the digest of the tables', async () => {
    const { url, running, tenant } = await startWithTenant()
    const database = openDatabase(url)
    const first = await readFeed(database, 0)
    const state = new FeedState(first.head.metadataVersion, 1, first.entries)
    for (const name of ['a', 'b', 'c']) await running.createTopic({ tenantId: tenant, name })
    await running.deleteTopic({ tenantId: tenant, name: 'b' })
    for (let since = state.version; ; since = state.version) {
      const { head, entries } = await readFeed(database, since)
      if (head.metadataVersion === since) break
      state.advance(head.metadataVersion, head.feedFloor, entries)
    }
    const digest = await digestOf(database)
    expect(state.digest).toEqual(digest.sums)
    const changes = state.changesSince(1, 'gateway')
    expect(changes?.version).toBe(digest.version)
    const kinds = changes?.entries.map(({ value }) => value?.$case)
    expect(kinds?.filter((kind) => kind === 'topic')).toHaveLength(2)
    expect(kinds?.filter((kind) => kind === 'deleted')).toHaveLength(1)
  })

  it('computes the digest of nothing as nothing', async () => {
    const database = openDatabase(await databases.create())
    expect((await digestOf(database)).sums).toEqual({ gateway: 0, broker: 0 })
  })
})

describe('two control planes', () => {
  it('serve the same metadata, and each hears at once of what the other has changed', async () => {
    const { url, running, tenant } = await startWithTenant()
    const other = await start(url)
    const watcher = await other.watch(1)
    const { metadataVersion } = await running.createTopic({ tenantId: tenant, name: 'orders' })
    expect(await watcher.copy.atLeast(metadataVersion, 10_000)).toBe(true)
    const known = watcher.copy.topicByName(tenantId(tenant), 'orders')
    expect(known?.version).toBe(metadataVersion)
  })
})
