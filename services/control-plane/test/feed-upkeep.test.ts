/**
 * Goal: what the feed does by itself now and then: it finds copies that differ from the tables and
 * makes them right, its own among them, and forgets old deletions but never a topic's tombstone.
 */
import { brokerId, tenantId } from '@courant/kernel'
import type { MetadataWatcher } from '@courant/metadata'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { cleanUp, connect, databases, newBroker, type Running, start, until } from './fixture.ts'
import { LeapingClock } from './leaping-clock.ts'

afterEach(cleanUp)
afterAll(() => databases.close())

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

interface Started {
  readonly url: string
  readonly clock: LeapingClock
  readonly running: Running
  readonly tenant: string
  readonly watcher: MetadataWatcher
}

async function startWatched(): Promise<Started> {
  const url = await databases.create()
  const clock = new LeapingClock()
  const running = await start(url, { clock })
  await running.activeBroker(newBroker(1))
  const { tenant, metadataVersion } = await running.createTenant('acme')
  const watcher = await running.watch(metadataVersion)
  return { url, clock, running, tenant: tenant?.tenantId ?? '', watcher }
}

describe('once a minute', () => {
  it('a copy that went wrong is found by the digest of the tables, and made right', async () => {
    const { clock, watcher } = await startWatched()
    const { copy } = watcher
    const right = copy.digest
    if (copy.cluster === null) throw new Error('watched')
    copy.replace([], copy.version, copy.cluster)
    expect(copy.digest).not.toBe(right)
    clock.leap(MINUTE_MS)
    await until(() => copy.digest === right)
    expect(copy.broker(brokerId(1))?.state).toBe('active')
  })

  it('the copy that all are served from is held to the tables too', async () => {
    const { url, clock, tenant, watcher } = await startWatched()
    // Behind the back of the version, as nothing that works would do it.
    const client = await connect(url)
    await client.query(`UPDATE courant.metadata_change SET version = 1 WHERE kind = 'tenant'`)
    clock.leap(MINUTE_MS)
    await until(() => watcher.copy.tenant(tenantId(tenant))?.version === 1)
  })
})

describe('once an hour', () => {
  it('deletions of yesterday are forgotten, and never the tombstone of a topic', async () => {
    const { url, clock, running, tenant } = await startWatched()
    const { apiKey } = await running.createApiKey({ tenantId: tenant, name: 'old' })
    await running.revokeApiKey({ tenantId: tenant, keyId: apiKey?.keyId ?? '' })
    const { topic } = await running.createTopic({ tenantId: tenant, name: 'old' })
    await running.deleteTopic({ tenantId: tenant, name: 'old' })
    const client = await connect(url)
    await client.query(
      `UPDATE courant.metadata_change SET deleted_at = deleted_at - interval '2 days'`,
    )
    clock.leap(HOUR_MS)
    const deleted = async (): Promise<unknown[]> => {
      const { rows } = await client.query(
        'SELECT kind, key FROM courant.metadata_change WHERE deleted_at IS NOT NULL',
      )
      return rows
    }
    await until(async () => (await deleted()).length < 2)
    expect(await deleted()).toEqual([{ kind: 'topic', key: topic?.topicId }])
  })
})
