/** Goal: a control plane needs no superuser: managed PostgreSQL gives nobody one. */
import { afterEach, describe, expect, it } from 'vitest'
import { tenant as tenantTable } from '../src/schema/tenant.ts'
import { cleanUp, connect, databases, newBroker, openDatabase, start } from './fixture.ts'

afterEach(cleanUp)

describe('an owner of the database that is no superuser', () => {
  it('migrates it and serves, and row-level security binds it too', async () => {
    const url = await databases.createEmpty()
    const admin = await connect(url)
    const { rows } = await admin.query('SELECT current_database() AS name')
    const owner = `owner_${String(rows[0].name).slice(-12)}`
    await admin.query(`CREATE ROLE ${owner} LOGIN CREATEROLE`)
    // As if it had made them: roles are of the server, and this server has them already.
    await admin.query(
      `GRANT courant_tenant, courant_platform TO ${owner} WITH ADMIN TRUE, SET FALSE, INHERIT FALSE`,
    )
    await admin.query(`ALTER DATABASE "${rows[0].name}" OWNER TO ${owner}`)
    const ownUrl = url.replace(/user=[^&]*/, `user=${owner}`)
    const running = await start(ownUrl)
    await running.activeBroker(newBroker(1))
    const { tenant, metadataVersion } = await running.createTenant('acme')
    const tenantId = tenant?.tenantId ?? ''
    expect((await running.createTopic({ tenantId, name: 'orders' })).created).toBe(true)
    const watcher = await running.watch(metadataVersion)
    expect(watcher.copy.version).toBeGreaterThanOrEqual(metadataVersion)
    await running.deleteTopic({ tenantId, name: 'orders' })
    // Without a role: a statement that forgot to take one on sees nothing.
    const client = await connect(ownUrl)
    expect((await client.query('SELECT FROM courant.tenant')).rows).toEqual([])
    const seen = await openDatabase(ownUrl).platform((transaction) =>
      transaction.$count(tenantTable),
    )
    expect(seen).toBe(1)
  })
})
