/**
 * Goal: three brokers, two gateways and two control planes, each a process, serve while any of them
 * is stopped, killed and started again, and what they acknowledged is there once and in order.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ClusterProcess } from './support/cluster-process.ts'
import { FailOverProducer } from './support/fail-over-producer.ts'
import { writeUntil } from './support/partition-writers.ts'
import { getJson, postJson, readTopic } from './support/read-topic.ts'
import type { Credentials } from './support/standalone.ts'
import { until } from './support/until.ts'

/** On each broker, and acknowledged once two have it. */
const REPLICATION = { replicationFactor: 3 }
const NO_FAULTS = { lost: [], twice: [], disordered: [] }

let cluster: ClusterProcess
let gateways: [Credentials, Credentials]

beforeAll(async () => {
  cluster = await ClusterProcess.start()
  gateways = [await cluster.gateway(1), await cluster.gateway(2)]
})

afterAll(async () => {
  await cluster.stop()
})

function produceTo(name: string): Promise<FailOverProducer> {
  return FailOverProducer.start(gateways, { name, ...REPLICATION })
}

async function leaderOf(topic: string): Promise<number> {
  return (await getJson(gateways[0], `/v1/topics/${topic}`)).partitionDetails[0].leader
}

describe('two gateways', () => {
  it('serve what either created at once', async () => {
    for (const [index, creator] of gateways.entries()) {
      const other = gateways[1 - index] ?? creator
      const name = `shared-${index}`
      await postJson(creator, '/v1/topics', { name, partitions: 3, ...REPLICATION })
      const records = [{ key: 'k', value: index }]
      const written = await postJson(other, `/v1/topics/${name}/records`, { records })
      expect(written.failed).toBe(0)
      expect(await readTopic(creator, name, 3)).toMatchObject(records)
    }
  })

  it('take a key at once that either created, and refuse it soon after its end', async () => {
    const created = await postJson(gateways[0], '/v1/api-keys', { name: 'short lived' })
    const elsewhere = { url: gateways[1].url, apiKey: created.apiKey }
    await getJson(elsewhere, '/v1/topics')
    await fetch(`${gateways[0].url}/v1/api-keys/${created.keyId}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${gateways[0].apiKey}` },
    })
    await until(async () => ((await statusOf(elsewhere)) === 401 ? true : null))
  })
})

async function statusOf({ url, apiKey }: Credentials): Promise<number> {
  const headers = { authorization: `Bearer ${apiKey}` }
  return (await fetch(`${url}/v1/topics`, { headers })).status
}

describe('a cluster', () => {
  it('goes on while one gateway after the other restarts', async () => {
    const producer = await produceTo('rolling')
    for (const id of ['1', '2', '1']) {
      const [stopped] = (await cluster.order('stop', 'gateway', id, '--json')).split('\n')
      expect(JSON.parse(stopped ?? '').exit).toEqual({ status: 0, signal: null })
      await producer.progress()
      await cluster.order('restart', 'gateway', id)
      await producer.progress()
    }
    await producer.stop()
    expect(await producer.faults()).toEqual(NO_FAULTS)
  })

  it('goes on when a gateway and a control plane are killed', async () => {
    const producer = await produceTo('killed')
    await Promise.all([cluster.kill('gateway', 1), cluster.kill('control-plane', 1)])
    await producer.progress()
    await cluster.order('restart', 'gateway', '1')
    await cluster.order('restart', 'control-plane', '1')
    await producer.progress()
    await producer.stop()
    expect(await producer.faults()).toEqual(NO_FAULTS)
  })

  it.each(['stop', 'kill'] as const)('fails no request after a %s of the leader', async (how) => {
    const producer = await produceTo(`leader-${how}`)
    const leader = await leaderOf(`leader-${how}`)
    if (how === 'kill') await cluster.kill('broker', leader)
    else await cluster.order('stop', 'broker', String(leader))
    await producer.progress()
    await cluster.order('restart', 'broker', String(leader))
    await producer.progress()
    await producer.stop()
    expect(await producer.faults()).toEqual(NO_FAULTS)
    expect(producer.failures).toEqual([])
  })

  it('produces and fetches while every control plane and the database are away', async () => {
    const producer = await produceTo('static')
    for (const id of [1, 2]) await cluster.kill('control-plane', id)
    await cluster.kill('postgres', 1)
    await producer.progress()
    await producer.stop()
    expect(await producer.faults()).toEqual(NO_FAULTS)
    await cluster.order('restart', 'postgres', '1')
    for (const id of ['1', '2']) await cluster.order('restart', 'control-plane', id)
    const after = { name: 'after', ...REPLICATION }
    await until(() => postJson(gateways[1], '/v1/topics', after))
  })

  it('takes another broker while it serves', async () => {
    expect(await cluster.order('add', 'broker')).toMatch(/^broker +4 +\d+ +ready/m)
    expect(await brokerIds()).toEqual([1, 2, 3, 4])
  })

  it('empties a broker without a failed request, and forgets it once it is stopped', async () => {
    const topic = { name: 'moving', partitions: 3 }
    await postJson(gateways[0], '/v1/topics', { ...topic, ...REPLICATION })
    const draining = cluster.courant('brokers', 'drain', '2', '--wait')
    const { acknowledged, refused } = await writeUntil(draining, gateways, topic)
    expect(await draining).toMatchObject({ status: 0, stdout: 'Broker 2 is empty.\n' })
    expect(refused).toEqual([])
    const records = await readTopic(gateways[1], topic.name, topic.partitions)
    for (const [partition, values] of acknowledged.entries()) {
      const found = records.filter((record) => record.partition === partition)
      expect(found.map(({ value }) => value)).toEqual(values)
      expect(values.length).toBeGreaterThan(10)
    }
    const held = await cluster.courant('partitions', 'list', '--broker', '2', '--json')
    expect(held).toMatchObject({ status: 0, stdout: '' })
    expect((await cluster.courant('brokers', 'remove', '2')).stderr).toContain('BROKER_IN_USE')
    await cluster.order('stop', 'broker', '2')
    await until(async () =>
      (await cluster.courant('brokers', 'remove', '2')).status === 0 ? true : null,
    )
    expect(await brokerIds()).toEqual([1, 3, 4])
  })
})

async function brokerIds(): Promise<number[]> {
  const { stdout } = await cluster.courant('brokers', 'list', '--json')
  const lines = stdout.trim().split('\n')
  return lines.map((line) => JSON.parse(line).brokerId)
}
