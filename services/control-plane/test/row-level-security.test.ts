/**
 * Goal: the second wall. A transaction that works for one tenant cannot see, change or make a row
 * of another one, whatever statement somebody may write one day.
 */
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Database, Transaction } from '../src/database/database.ts'
import { cleanUp, connect, databases, newBroker, openDatabase, start, until } from './fixture.ts'
import { GroupCalls } from './group-calls.ts'

let database: Database
let own: string
let foreign: string
let url: string

beforeAll(async () => {
  url = await databases.create()
  const running = await start(url)
  await running.activeBroker(newBroker(1))
  const tenants = [await running.createTenant('own'), await running.createTenant('foreign')]
  const ids = tenants.map(({ tenant }) => tenant?.tenantId ?? '')
  const groups = new GroupCalls(running.controlPlane.address)
  for (const tenantId of ids) {
    const name = { tenantId, group: 'billing', memberId: 'm' }
    const { topic } = await running.createTopic({ tenantId, name: 'orders', partitionCount: 2 })
    await groups.setOffset(name, { topicId: topic?.topicId ?? '', offset: 1 })
    await until(async () => (await groups.poll(name, ['orders'])).assignment.length > 0)
    await running.createTopic({ tenantId, name: 'gone' })
    await running.deleteTopic({ tenantId, name: 'gone' })
  }
  own = ids[0] ?? ''
  foreign = ids[1] ?? ''
  database = openDatabase(url)
})
afterAll(async () => {
  await cleanUp()
})

const WALLED = [
  ...['tenant', 'api_key', 'topic', 'topic_tombstone', 'partition'],
  ...['consumer_group', 'group_member', 'group_partition', 'group_offset'],
]
const PLATFORM_ONLY = [
  ...['broker', 'broker_session', 'metadata_change', 'cluster_meta', 'migration'],
  ...['control_plane', 'group_shard'],
]

function asOwn<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
  return database.tenant(own, work)
}

function rowsOf(statement: string): Promise<Record<string, unknown>[]> {
  return asOwn(async (transaction) => (await transaction.execute(sql.raw(statement))).rows)
}

describe('a transaction of one tenant', () => {
  it.each(WALLED)('sees its own rows of %s and no others, without a WHERE', async (table) => {
    const seen = await rowsOf(`SELECT DISTINCT tenant_id FROM courant.${table}`)
    expect(seen).toEqual([{ tenant_id: own }])
    const all = await (await connect(url)).query(`SELECT DISTINCT tenant_id FROM courant.${table}`)
    expect(all.rows.length).toBeGreaterThan(1)
  })

  it.each(WALLED)('finds nothing of another tenant in %s by its id', async (table) => {
    expect(await rowsOf(`SELECT * FROM courant.${table} WHERE tenant_id = '${foreign}'`)).toEqual(
      [],
    )
  })

  it('changes and deletes nothing of another tenant, without a WHERE', async () => {
    await asOwn((transaction) =>
      transaction.execute(sql`UPDATE courant.topic SET config = '{"a":"b"}'`),
    )
    await asOwn((transaction) => transaction.execute(sql`DELETE FROM courant.api_key`))
    const client = await connect(url)
    const topics = await client.query('SELECT config FROM courant.topic WHERE tenant_id = $1', [
      foreign,
    ])
    expect(topics.rows).toEqual([{ config: {} }])
    const keys = await client.query('SELECT FROM courant.api_key WHERE tenant_id = $1', [foreign])
    expect(keys.rows).toHaveLength(1)
  })

  it.each([
    ['makes', `INSERT INTO courant.topic VALUES (gen_random_uuid(), '$', 'x', 1, 1)`],
    ['moves to it', `UPDATE courant.topic_tombstone SET tenant_id = '$'`],
  ])('cannot reach another tenant with a row that it %s', async (_, statement) => {
    await expect(rowsOf(statement.replace('$', foreign))).rejects.toMatchObject({
      cause: { cause: { message: expect.stringContaining('row-level security') } },
    })
  })

  it.each(PLATFORM_ONLY)('may not read %s at all', async (table) => {
    await expect(rowsOf(`SELECT * FROM courant.${table}`)).rejects.toMatchObject({
      cause: { cause: { message: expect.stringContaining('permission denied') } },
    })
  })

  it.each([
    `INSERT INTO courant.tenant VALUES (gen_random_uuid(), 'x')`,
    'DELETE FROM courant.tenant',
    'DELETE FROM courant.group_member',
    'UPDATE courant.group_offset SET committed_offset = 0',
  ])('does not manage tenants, nor write of groups: %s', async (statement) => {
    await expect(rowsOf(statement)).rejects.toMatchObject({
      cause: { cause: { message: expect.stringContaining('permission denied') } },
    })
  })

  it('sees nothing when no tenant is set', async () => {
    const client = await connect(url)
    await client.query('BEGIN; SET LOCAL ROLE courant_tenant')
    for (const table of WALLED) {
      expect((await client.query(`SELECT * FROM courant.${table}`)).rows).toEqual([])
    }
    await client.query('ROLLBACK')
  })

  it('does not leave its role or its tenant to the next user of the connection', async () => {
    await asOwn((transaction) => transaction.execute(sql`SELECT 1`))
    const seen = await database.platform((transaction) =>
      transaction.execute(sql`SELECT current_user, courant.current_tenant() AS tenant`),
    )
    expect(seen.rows).toEqual([{ current_user: 'courant_platform', tenant: null }])
  })
})
