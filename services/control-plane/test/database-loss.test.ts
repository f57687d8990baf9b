/**
 * Goal: with the database away every caller learns at once what is certain, and nobody is told
 * "not applied" of what may have been.
 */
import { systemClock, systemRandom } from '@courant/kernel'
import { startTestPostgres, type TestPostgres } from '@courant/testkit'
import { sql } from 'drizzle-orm'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { parseApiKey } from '../src/api-keys/api-key-secret.ts'
import { Database } from '../src/database/database.ts'
import { CuttingProxy } from './cutting-proxy.ts'
import {
  cleanUp,
  connect,
  databases,
  newBroker,
  onCleanUp,
  openDatabase,
  start,
  until,
} from './fixture.ts'

afterEach(cleanUp)

describe('when the answer to COMMIT is lost', () => {
  async function startBehindProxy() {
    const url = await databases.create()
    const proxy = await CuttingProxy.start(url)
    onCleanUp(() => proxy.stop())
    return { url, proxy, running: await start(proxy.url) }
  }

  it('the creation of a tenant finds out, and its key is not lost', async () => {
    const { url, proxy, running } = await startBehindProxy()
    proxy.cutAtNextChange()
    const answer = await running.createTenant('acme')
    expect(proxy.cuts).toBe(1)
    expect(answer.created).toBe(true)
    const hash = parseApiKey(answer.apiKeyText)?.secretSha256
    const { rows } = await (await connect(url)).query('SELECT secret_sha256 FROM courant.api_key')
    expect(rows).toEqual([{ secret_sha256: hash }])
  })

  it('the creation of a topic, and a registration, find out', async () => {
    const { proxy, running } = await startBehindProxy()
    const broker = newBroker(1)
    proxy.cutAtNextChange()
    const registered = await running.register(broker)
    expect(await running.register(broker)).toEqual(registered)
    await running.heartbeat(1, registered)
    const { tenant } = await running.createTenant('acme')
    proxy.cutAtNextChange()
    const answer = await running.createTopic({ tenantId: tenant?.tenantId ?? '', name: 'orders' })
    expect(answer.created).toBe(true)
    expect(proxy.cuts).toBe(2)
  })

  it('a deletion, which cannot find out, is reported as unknown and never as not applied', async () => {
    const { proxy, running } = await startBehindProxy()
    const { tenant, apiKey } = await running.createTenant('acme')
    const key = { tenantId: tenant?.tenantId ?? '', keyId: apiKey?.keyId ?? '' }
    proxy.cutAtNextChange()
    const failure = await running.revokeApiKey(key).catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'CONNECTION_LOST', facts: { applied: 'unknown' } })
    expect((await running.lookupApiKey(key.keyId)).found).toBe(false)
  })
})

describe('when the connection breaks in the middle of a transaction', () => {
  it('the transaction is made again, once', async () => {
    const url = await databases.create()
    const database = openDatabase(url)
    const killer = await connect(url)
    let attempts = 0
    await database.platform(async (transaction) => {
      attempts += 1
      await transaction.execute(sql`INSERT INTO courant.tenant VALUES (gen_random_uuid(), 'once')`)
      if (attempts > 1) return
      const { rows } = await transaction.execute(sql`SELECT pg_backend_pid() AS pid`)
      await killer.query('SELECT pg_terminate_backend($1)', [rows[0]?.['pid']])
      await transaction.execute(sql`SELECT 1`)
    })
    expect(attempts).toBe(2)
    expect((await killer.query('SELECT FROM courant.tenant')).rows).toHaveLength(1)
  })

  it('two transactions that wait for each other both succeed in the end', async () => {
    const url = await databases.create()
    const database = openDatabase(url)
    const client = await connect(url)
    await client.query(`INSERT INTO courant.tenant VALUES
      ('00000000-0000-4000-8000-00000000000a', 'a'), ('00000000-0000-4000-8000-00000000000b', 'b')`)
    const bothHold = Promise.withResolvers<void>()
    let holding = 0
    const lock = (first: string, second: string) =>
      database.platform(async (transaction) => {
        const take = (name: string) =>
          transaction.execute(sql`SELECT FROM courant.tenant WHERE name = ${name} FOR UPDATE`)
        await take(first)
        holding += 1
        if (holding === 2) bothHold.resolve()
        await bothHold.promise
        await take(second)
      })
    await Promise.all([lock('a', 'b'), lock('b', 'a')])
    expect(holding).toBe(3)
  })

  it('nothing is committed for a caller that has gone away', async () => {
    const url = await databases.create()
    const database = openDatabase(url)
    const gone = new AbortController()
    const working = database.platform(
      async (transaction) => {
        await transaction.execute(sql`INSERT INTO courant.tenant VALUES (gen_random_uuid(), 'x')`)
        gone.abort()
      },
      { signal: gone.signal },
    )
    await expect(working).rejects.toMatchObject({ code: 'TIMED_OUT' })
    expect((await (await connect(url)).query('SELECT FROM courant.tenant')).rows).toEqual([])
  })
})

describe('while PostgreSQL is away', () => {
  let postgres: TestPostgres
  beforeAll(async () => {
    postgres = await startTestPostgres()
  })
  afterAll(() => postgres.stop())

  it('calls fail at once as retriable and not applied, watches go on, and all recovers', async () => {
    const running = await start(await postgres.createDatabase())
    const { metadataVersion, tenant } = await running.createTenant('acme')
    const watcher = await running.watch(metadataVersion)
    await postgres.halt()
    onCleanUp(() => postgres.start().catch(() => {}))
    const failure = await running.createTenant('other').catch((error: unknown) => error)
    expect(failure).toMatchObject({
      code: 'CONTROL_PLANE_UNAVAILABLE',
      facts: { retriable: true, applied: 'no' },
    })
    // A new watcher too is served from what this process has.
    const late = await running.watch(metadataVersion)
    expect(late.copy.digest).toBe(watcher.copy.digest)
    await postgres.start()
    await until(() => running.createTenant('other').then(Boolean, () => false))
    const after = await running.createTenant('third')
    expect(await watcher.copy.atLeast(after.metadataVersion, 10_000)).toBe(true)
    expect(tenant?.name).toBe('acme')
  })
})

describe('a database that answers nobody', () => {
  it('is not waited for without a bound', async () => {
    const database = new Database({
      url: 'postgres://someone@127.0.0.1:1/courant',
      clock: systemClock,
      random: systemRandom,
      onIdleError: () => {},
    })
    onCleanUp(() => database.close())
    await expect(database.snapshot(async () => {})).rejects.toMatchObject({
      code: 'CONTROL_PLANE_UNAVAILABLE',
    })
  })
})
