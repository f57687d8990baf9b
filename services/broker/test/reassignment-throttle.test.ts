/** Partitions that move to a broker take what the throttle leaves them; nobody else feels it. */
import { describe, expect, it } from 'vitest'
import { valuesOf } from './fixture/batches.ts'
import { until } from './fixture/lifetime.ts'
import { TestCluster } from './fixture/test-cluster.ts'
import { TOPIC } from './fixture/topic.ts'

const OTHER = '22222222-2222-4333-8444-555555555555'
/** Of a share of the throttle, which is 64 KiB at least. */
const LARGE = 'x'.repeat(60_000)

/** Six batches of a topic on brokers 1 and 2; broker 3 follows another topic of broker 1. */
async function start(): Promise<TestCluster> {
  const cluster = await TestCluster.start(3)
  cluster.plane.createTopic(OTHER, [1, 3], { effectiveMinIsr: 2 })
  cluster.plane.createTopic(TOPIC, [1, 2], { effectiveMinIsr: 2 })
  for (let index = 0; index < 6; index += 1) await cluster.produce(TOPIC, [`${index}${LARGE}`])
  return cluster
}

async function counted(cluster: TestCluster, name: string): Promise<number> {
  const text = await cluster.broker(3).metrics.text()
  return Number(new RegExp(`^courant_broker_${name} (\\d+)$`, 'm').exec(text)?.[1])
}

describe('a replica that is being added', () => {
  it('waits for the throttle while others are replicated, and goes on when it is lifted', async () => {
    const cluster = await start()
    cluster.plane.throttle(1)
    cluster.plane.add(TOPIC, 3)
    await until(async () => (await counted(cluster, 'partitions_throttled')) === 1)
    const taken = await until(() => counted(cluster, 'reassigned_in_bytes_total'))
    expect(taken).toBeLessThan(3 * LARGE.length)
    for (let index = 0; index < 20; index += 1) await cluster.produce(OTHER, [`o${index}`])
    expect(await cluster.produce(TOPIC, ['meanwhile'])).toBe(6)
    expect(await counted(cluster, 'reassigned_in_bytes_total')).toBe(taken)
    expect(cluster.plane.row(TOPIC).inSyncReplicas).toEqual([1, 2])
    cluster.plane.throttle(0)
    await cluster.untilInSync(TOPIC, [1, 2, 3])
    expect(await counted(cluster, 'partitions_throttled')).toBe(0)
    const logs = await cluster.stopAndRead(TOPIC)
    expect(valuesOf(logs.get(3) ?? null, 0)).toHaveLength(7)
  })

  it('is not held back any more once it is in sync', async () => {
    const cluster = await start()
    cluster.plane.add(TOPIC, 3)
    await cluster.untilInSync(TOPIC, [1, 2, 3])
    cluster.plane.throttle(1)
    for (let index = 0; index < 6; index += 1) await cluster.produce(TOPIC, [LARGE])
    expect(await counted(cluster, 'partitions_throttled')).toBe(0)
  })

  it('leaves the queue when it is taken away again', async () => {
    const cluster = await start()
    cluster.plane.throttle(1)
    cluster.plane.add(TOPIC, 3)
    await until(async () => (await counted(cluster, 'partitions_throttled')) === 1)
    cluster.plane.place(TOPIC, [1, 2])
    await until(async () => (await counted(cluster, 'partitions_throttled')) === 0)
  })
})
