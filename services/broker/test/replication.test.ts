/** Several brokers, over real sockets and real disks: what is acknowledged survives them. */
import { limits, systemClock } from '@courant/kernel'
import { describe, expect, it } from 'vitest'
import { batchOf, valuesOf } from './fixture/batches.ts'
import { FailingStorage } from './fixture/failing-storage.ts'
import { until } from './fixture/lifetime.ts'
import { TestCluster } from './fixture/test-cluster.ts'
import { TOPIC } from './fixture/topic.ts'

async function withTopic(
  replicas: readonly number[],
  {
    effectiveMinIsr = 1,
    ...options
  }: { effectiveMinIsr?: number; replicaLagMs?: number } & Record<string, unknown> = {},
): Promise<TestCluster> {
  const cluster = await TestCluster.start(Math.max(...replicas), options)
  cluster.plane.createTopic(TOPIC, replicas, { effectiveMinIsr })
  return cluster
}

function values(count: number, prefix = 'v'): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`)
}

describe('a replicated partition', () => {
  it('has the same bytes on every replica', async () => {
    const cluster = await withTopic([1, 2, 3])
    const client = await cluster.leaderOf(TOPIC)
    await Promise.all(values(60).map((value) => client.produce(TOPIC, [value])))
    expect(await client.latest(TOPIC)).toBe(60)
    const logs = [...(await cluster.stopAndRead(TOPIC)).values()]
    expect(valuesOf(logs[0] ?? null, 0).sort()).toEqual(values(60).sort())
    for (const log of logs) expect(log.equals(logs[0] ?? Buffer.alloc(0))).toBe(true)
  })

  it('is led by another replica with every acknowledged record when its leader is fenced', async () => {
    const cluster = await withTopic([1, 2, 3], { effectiveMinIsr: 2 })
    for (const value of values(10)) await cluster.produce(TOPIC, [value])
    cluster.plane.cut.add(1)
    cluster.plane.fence(1)
    const client = await cluster.leaderOf(TOPIC)
    expect(await cluster.produce(TOPIC, ['after'])).toBe(10)
    expect(await client.read(TOPIC)).toEqual([...values(10), 'after'])
  })

  it('acknowledges nothing by a leader that does not know that it is none any more', async () => {
    const cluster = await withTopic([1, 2, 3], { effectiveMinIsr: 2 })
    const zombie = await cluster.leaderOf(TOPIC)
    await zombie.produce(TOPIC, ['kept'])
    cluster.plane.cut.add(1)
    cluster.plane.fence(1)
    await cluster.leaderOf(TOPIC)
    await until(() => cluster.plane.row(TOPIC).leader === 2)
    const lost = zombie.produceBatch(TOPIC, batchOf(['lost']), { timeoutMs: 400 })
    await expect(lost).rejects.toMatchObject({ code: 'TIMED_OUT' })
    expect(await cluster.produce(TOPIC, ['new'])).toBe(1)
    cluster.plane.reconnect(1)
    await cluster.untilInSync(TOPIC, [1, 2, 3])
    const logs = await cluster.stopAndRead(TOPIC)
    for (const log of logs.values()) expect(valuesOf(log, 0)).toEqual(['kept', 'new'])
  })

  it('goes on without a follower that leaves, and takes it back when it has caught up', async () => {
    const cluster = await withTopic([1, 2, 3], { effectiveMinIsr: 2 })
    await cluster.produce(TOPIC, ['a'])
    await cluster.stopBroker(3)
    cluster.plane.fence(3)
    expect(cluster.plane.row(TOPIC).inSyncReplicas).toEqual([1, 2])
    await cluster.produce(TOPIC, ['b'])
    await cluster.startBroker(3)
    await cluster.untilInSync(TOPIC, [1, 2, 3])
    await cluster.produce(TOPIC, ['c'])
    const logs = await cluster.stopAndRead(TOPIC)
    for (const log of logs.values()) expect(valuesOf(log, 0)).toEqual(['a', 'b', 'c'])
  })

  it('brings a follower everything of partitions that catch up together and share an answer', async () => {
    const cluster = await TestCluster.start(2)
    cluster.plane.createTopic(TOPIC, [1, 2], { partitionCount: 2 })
    for (const partition of [0, 1]) await cluster.produce(TOPIC, ['a'], partition)
    await cluster.stopBroker(2)
    cluster.plane.fence(2)
    // The first one leaves less room in an answer than one batch of the second needs.
    const large = 'x'.repeat(limits.replicaFetchPartitionBytesMax / 5)
    for (const partition of [0, 1]) {
      for (let batch = 0; batch < 5; batch += 1) await cluster.produce(TOPIC, [large], partition)
    }
    await cluster.startBroker(2)
    for (const partition of [0, 1]) await cluster.untilInSync(TOPIC, [1, 2], partition)
  })

  it('refuses acks=all while too few replicas are in sync', async () => {
    const cluster = await withTopic([1, 2], { effectiveMinIsr: 2 })
    await cluster.produce(TOPIC, ['a'])
    await cluster.stopBroker(2)
    cluster.plane.fence(2)
    const client = await cluster.leaderOf(TOPIC)
    await expect(client.produce(TOPIC, ['b'])).rejects.toMatchObject({
      code: 'NOT_ENOUGH_REPLICAS',
    })
    await cluster.startBroker(2)
    await cluster.untilInSync(TOPIC, [1, 2])
    expect(await cluster.produce(TOPIC, ['b'])).toBe(1)
  })

  it('waits for the disk of a slow follower until that has lagged too long', async () => {
    const slow = new FailingStorage()
    const cluster = await withTopic([1, 2], {
      replicaLagMs: 1_000,
      storage: (disk: never, id: number) => (id === 2 ? slow.wrap(disk) : disk),
    })
    await cluster.produce(TOPIC, ['a'])
    const stalled = Promise.withResolvers<void>()
    slow.stall = stalled.promise
    const client = await cluster.leaderOf(TOPIC)
    const produced = client.produce(TOPIC, ['b'])
    await cluster.untilInSync(TOPIC, [1])
    expect(await produced).toBe(1)
    slow.stall = null
    stalled.resolve()
    await cluster.untilInSync(TOPIC, [1, 2])
    expect(await cluster.broker(1).metrics.text()).toMatch(/^courant_broker_isr_shrinks_total 1$/m)
  })

  it('counts a lost answer about its in-sync replicas as neither yes nor no', async () => {
    const cluster = await withTopic([1, 2])
    await cluster.produce(TOPIC, ['a'])
    await cluster.stopBroker(2)
    cluster.plane.fence(2)
    cluster.plane.answersToLose = 2
    await cluster.startBroker(2)
    await cluster.untilInSync(TOPIC, [1, 2])
    expect(await cluster.produce(TOPIC, ['b'])).toBe(1)
    await until(() => cluster.plane.answersToLose < 2)
  })

  it('acknowledges at the old leader what waits there and the new one commits', async () => {
    const slow = new FailingStorage()
    const cluster = await withTopic([1, 2], {
      storage: (disk: never, id: number) => (id === 2 ? slow.wrap(disk) : disk),
    })
    const client = await cluster.leaderOf(TOPIC)
    await client.produce(TOPIC, ['a'])
    const stalled = Promise.withResolvers<void>()
    slow.stall = stalled.promise
    const waits = client.produce(TOPIC, ['b'])
    await until(() => slow.isStalled)
    cluster.plane.move(TOPIC, 2)
    slow.stall = null
    stalled.resolve()
    expect(await waits).toBe(1)
    expect(await (await cluster.leaderOf(TOPIC)).read(TOPIC)).toEqual(['a', 'b'])
  })

  it('fails at the old leader what waits there and the new one does not have', async () => {
    const cluster = await withTopic([1, 2])
    const client = await cluster.leaderOf(TOPIC)
    await client.produce(TOPIC, ['a'])
    cluster.plane.cut.add(1)
    cluster.plane.fence(1)
    await cluster.leaderOf(TOPIC)
    const waits = client.produce(TOPIC, ['b'])
    const failed = expect(waits).rejects.toMatchObject({ code: 'NOT_LEADER_AFTER_APPEND' })
    await cluster.produce(TOPIC, ['c'])
    cluster.plane.reconnect(1)
    await failed
    await cluster.untilInSync(TOPIC, [1, 2])
  })

  it('moves its leader at a controlled shutdown, and loses no acknowledged record', async () => {
    const cluster = await withTopic([1, 2, 3], { effectiveMinIsr: 2 })
    for (const value of values(5)) await cluster.produce(TOPIC, [value])
    const stopping = cluster.stopBroker(1)
    await until(() => cluster.plane.row(TOPIC).leader !== 1)
    for (const value of values(5, 'w')) await cluster.produce(TOPIC, [value])
    await stopping
    const client = await cluster.leaderOf(TOPIC)
    expect(await client.read(TOPIC)).toEqual([...values(5), ...values(5, 'w')])
  })

  it('follows a topic of many partitions from every leader', async () => {
    const cluster = await TestCluster.start(3)
    cluster.plane.createTopic(TOPIC, [1, 2, 3], { partitionCount: 12, effectiveMinIsr: 3 })
    for (let partition = 0; partition < 12; partition += 1) {
      expect(await cluster.produce(TOPIC, [`p${partition}`], partition)).toBe(0)
    }
    const text = await cluster.broker(1).metrics.text()
    expect(text).toMatch(/^courant_broker_partitions_following 8$/m)
    expect(text).toMatch(/^courant_broker_partitions_under_replicated 0$/m)
  })
})

describe('DeleteRecords', () => {
  it('is answered when no in-sync replica has the records any more', async () => {
    const cluster = await withTopic([1, 2, 3])
    for (const value of values(6)) await cluster.produce(TOPIC, [value])
    const client = await cluster.leaderOf(TOPIC)
    expect((await client.deleteRecords(TOPIC, 4)).lowWatermark).toBe(4)
    cluster.plane.cut.add(1)
    cluster.plane.fence(1)
    const next = await cluster.leaderOf(TOPIC)
    expect((await next.listOffsets(TOPIC, -2)).offset).toBe(4)
    expect(await next.read(TOPIC, 4)).toEqual(['v4', 'v5'])
  })

  it('leaves a new replica to begin where the leader’s log does', async () => {
    const cluster = await withTopic([1, 2])
    await cluster.startBroker(3)
    const client = await cluster.leaderOf(TOPIC)
    await client.produce(TOPIC, ['a', 'b', 'c'])
    await client.produce(TOPIC, ['d'])
    await client.deleteRecords(TOPIC, 2)
    cluster.plane.place(TOPIC, [1, 2, 3])
    await cluster.untilInSync(TOPIC, [1, 2, 3])
    await cluster.produce(TOPIC, ['e'])
    const logs = await cluster.stopAndRead(TOPIC)
    expect(valuesOf(logs.get(3) ?? null, 2)).toEqual(['c', 'd', 'e'])
  })
})

describe('a replica that has been moved to other brokers', () => {
  it('is kept for a while, and deleted when the others have everything', async () => {
    let aheadMs = 0
    const monotonicMs = () => systemClock.monotonicMs() + aheadMs
    const cluster = await withTopic([1, 2, 3], { clock: { ...systemClock, monotonicMs } })
    await cluster.produce(TOPIC, ['a'])
    const hasLogs = async (count: number) =>
      (await cluster.broker(3).metrics.text()).includes(`courant_broker_log_partitions ${count}\n`)
    cluster.plane.place(TOPIC, [1, 2])
    await cluster.untilInSync(TOPIC, [1, 2])
    aheadMs += limits.removedReplicaKeptMs / 2
    expect(await cluster.produce(TOPIC, ['b'])).toBe(1)
    expect(await hasLogs(1)).toBe(true)
    aheadMs += limits.removedReplicaKeptMs
    await until(() => hasLogs(0))
    cluster.plane.place(TOPIC, [1, 2, 3])
    await cluster.untilInSync(TOPIC, [1, 2, 3])
    const logs = await cluster.stopAndRead(TOPIC)
    expect(valuesOf(logs.get(3) ?? null, 0)).toEqual(['a', 'b'])
  })
})
