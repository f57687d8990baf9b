/** Goal: nothing is decided on an old backup of the database, whoever asks (reliability B1.2). */
import { afterEach, expect, it } from 'vitest'
import { cleanUp, connect, databases, newBroker, start } from './fixture.ts'

afterEach(cleanUp)

const SEEN = { clusterIncarnation: 1, metadataVersion: 1_000 }
const ROLLBACK = { code: 'METADATA_ROLLBACK' }
const NOT_YET = { code: 'CONTROL_PLANE_UNAVAILABLE' }

/** As after a restore: the server has started since its brokers were heard. */
async function restart(url: string): Promise<void> {
  await (await connect(url)).query(
    `UPDATE courant.cluster_meta SET confirmed_server = '2000-01-01';
     UPDATE courant.broker_session SET heard_server = NULL`,
  )
}

async function withBrokers() {
  const url = await databases.create()
  const running = await start(url)
  const one = await running.register(newBroker(1))
  const two = await running.register(newBroker(2))
  return { url, running, one, two }
}

it('tells every control plane at once, and goes on when the right database is back', async () => {
  const { url, running, one } = await withBrokers()
  const fresh = await start(url)
  await expect(running.heartbeat(1, one, { seen: SEEN })).rejects.toMatchObject(ROLLBACK)
  await expect(fresh.createTenant('acme')).rejects.toMatchObject(ROLLBACK)
  await expect(fresh.register(newBroker(3))).rejects.toMatchObject(ROLLBACK)
  const ids = fresh.allocateProducerIds({ brokerId: 1, brokerEpoch: one.brokerEpoch })
  await expect(ids).rejects.toMatchObject(ROLLBACK)
  await (await connect(url)).query('UPDATE courant.cluster_meta SET metadata_version = 1000')
  expect((await fresh.createTenant('acme')).tenant?.name).toBe('acme')
})

it('decides nothing on a server that has just started before all brokers were heard', async () => {
  const { url, running, one, two } = await withBrokers()
  await restart(url)
  await expect(running.createTenant('acme')).rejects.toMatchObject(NOT_YET)
  await running.heartbeat(1, one, { ready: false })
  await expect(running.createTenant('acme')).rejects.toMatchObject(NOT_YET)
  await running.heartbeat(2, two, { ready: false })
  expect((await running.createTenant('acme')).tenant?.name).toBe('acme')
})

it('gives each incarnation producer ids of its own', async () => {
  const { url, running, one } = await withBrokers()
  const sender = { brokerId: 1, brokerEpoch: one.brokerEpoch }
  const before = await running.allocateProducerIds(sender)
  await (await connect(url)).query('UPDATE courant.cluster_meta SET cluster_incarnation = 2')
  await expect
    .poll(() => running.allocateProducerIds(sender).catch(() => null), { timeout: 10_000 })
    .toMatchObject({ firstProducerId: expect.any(Number) })
  const after = await running.allocateProducerIds(sender)
  expect(after.firstProducerId).toBeGreaterThanOrEqual(before.firstProducerId + 2 ** 40)
})
