/** This broker among the others: when it leads, when it stops, and what it goes on without. */
import { openNodeStorage } from '@courant/log'
import { describe, expect, it } from 'vitest'
import { runBroker } from '../src/broker.ts'
import { batchOf } from './fixture/batches.ts'
import { newDirectory, until } from './fixture/lifetime.ts'
import { testConfig, testPorts } from './fixture/ports.ts'
import { startTestBroker } from './fixture/test-broker.ts'
import { TestControlPlane } from './fixture/test-control-plane.ts'
import { startWithTopic, TOPIC } from './fixture/topic.ts'

const OTHER = '22222222-2222-4333-8444-555555555555'
const NOT_LEADER = 6
const UNKNOWN_TOPIC_OR_PARTITION = 3
const OFFSET_OUT_OF_RANGE = 1

describe('leadership', () => {
  it('that goes elsewhere is refused as NOT_LEADER, and served again when it comes back', async () => {
    const { broker, client } = await startWithTopic()
    await client.produce(TOPIC, ['a'])
    broker.controlPlane.decide(TOPIC, 0, { leader: 2 })
    await expect(client.produce(TOPIC, ['b'])).rejects.toMatchObject({ code: 'NOT_LEADER' })
    expect((await client.fetch(TOPIC, 0, { maxWaitMs: 5_000 })).errorCode).toBe(NOT_LEADER)
    expect((await client.listOffsets(TOPIC, -1)).errorCode).toBe(NOT_LEADER)
    expect((await client.deleteRecords(TOPIC, 1)).errorCode).toBe(NOT_LEADER)
    broker.controlPlane.decide(TOPIC, 0, { leader: 1 })
    await client.untilServing(TOPIC)
    expect(await client.produce(TOPIC, ['b'])).toBe(1)
    expect(await client.read(TOPIC)).toEqual(['a', 'b'])
  })

  it('by an epoch older than the log is refused: the metadata went back in time', async () => {
    const { broker, client } = await startWithTopic()
    await client.produce(TOPIC, ['a'])
    broker.controlPlane.decide(TOPIC, 0, { leader: 2, leaderEpoch: 9 })
    broker.controlPlane.decide(TOPIC, 0, { leader: 1, leaderEpoch: 10 })
    await client.untilServing(TOPIC)
    broker.controlPlane.decide(TOPIC, 0, { leader: 1, leaderEpoch: 3 })
    await until(async () => (await client.fetch(TOPIC, 0)).errorCode === NOT_LEADER)
    expect(broker.health.readiness().ready).toBe(true)
  })

  it('without enough replicas in sync refuses acks=all before anything is appended', async () => {
    const { broker, client } = await startWithTopic()
    broker.controlPlane.decide(TOPIC, 0, { effectiveMinIsr: 2, leaderEpoch: 1 })
    await expect(client.produce(TOPIC, ['a'])).rejects.toMatchObject({
      code: 'NOT_ENOUGH_REPLICAS',
    })
    expect((await client.produceBatch(TOPIC, batchOf(['b']), { acks: 1 })).baseOffset).toBe(0)
    expect(await client.latest(TOPIC)).toBe(0)
    broker.controlPlane.decide(TOPIC, 0, { effectiveMinIsr: 1, leaderEpoch: 1 })
    expect(await client.produce(TOPIC, ['c'])).toBe(1)
    expect(await client.read(TOPIC)).toEqual(['b', 'c'])
  })

  it('of replicas that have confirmed nothing is not taken for theirs', async () => {
    const { broker, client } = await startWithTopic()
    broker.controlPlane.decide(TOPIC, 0, { inSyncReplicas: [1, 2] })
    await client.untilServing(TOPIC)
    const produce = client.produceBatch(TOPIC, batchOf(['a']), { timeoutMs: 200 })
    await expect(produce).rejects.toMatchObject({ code: 'TIMED_OUT' })
  })
})

describe('a topic', () => {
  it('that is deleted is gone with its records, and one made anew begins at 0', async () => {
    const { broker, client } = await startWithTopic()
    await client.produce(TOPIC, ['secret'])
    broker.controlPlane.deleteTopic(TOPIC)
    expect((await client.fetch(TOPIC, 0)).errorCode).toBe(UNKNOWN_TOPIC_OR_PARTITION)
    broker.controlPlane.createTopic(OTHER)
    await client.untilServing(OTHER)
    expect(await client.produce(OTHER, ['new'])).toBe(0)
    expect(await client.read(OTHER)).toEqual(['new'])
    await until(async () => /^courant_broker_log_partitions 1$/m.test(await broker.metrics.text()))
  })

  it('that the metadata no longer mentions is not served, and kept', async () => {
    const { broker, client } = await startWithTopic()
    await client.produce(TOPIC, ['kept'])
    broker.controlPlane.forgetTopic(TOPIC)
    expect((await client.fetch(TOPIC, 0)).errorCode).toBe(NOT_LEADER)
    expect(await broker.metrics.text()).toMatch(/^courant_broker_partitions_stray 1$/m)
    expect(await broker.metrics.text()).toMatch(/^courant_broker_log_partitions 1$/m)
  })

  it('that was deleted while the broker was away is deleted when it is back', async () => {
    const { broker, client } = await startWithTopic()
    await client.produce(TOPIC, ['secret'])
    await broker.stop()
    broker.controlPlane.deleteTopic(TOPIC)
    const { directory, controlPlane } = broker
    const again = await startTestBroker({ directory, controlPlane })
    await until(async () => /^courant_broker_log_partitions 0$/m.test(await again.metrics.text()))
  })
})

describe('the control plane', () => {
  it('may be away: produce and fetch go on, and heartbeats come back by themselves', async () => {
    const { broker, client } = await startWithTopic()
    const { controlPlane } = broker
    controlPlane.isAway = true
    const lost = controlPlane.lostCalls
    await until(() => controlPlane.lostCalls > lost + 3)
    expect(await client.produce(TOPIC, ['a'])).toBe(0)
    expect(await client.read(TOPIC)).toEqual(['a'])
    controlPlane.isAway = false
    const answered = controlPlane.heartbeats.length
    await until(() => controlPlane.heartbeats.length > answered)
    expect(controlPlane.registrations.length).toBe(1)
  })

  it('that has been silent for most of a session ends what one broker alone may promise', async () => {
    const { broker, client } = await startWithTopic()
    const { controlPlane } = broker
    const produce = (acks: number) => client.produceBatch(TOPIC, batchOf(['a']), { acks })
    const fetchBeyond = async () => (await client.fetch(TOPIC, 1_000)).errorCode
    await produce(1)
    expect(await fetchBeyond()).toBe(OFFSET_OUT_OF_RANGE)
    controlPlane.isAway = true
    await until(() =>
      produce(1).then(
        () => false,
        ({ code }) => code === 'NOT_LEADER',
      ),
    )
    expect((await produce(-1)).errorCode).toBe(0)
    // Who is ahead of this log may have read from a newer leader, and is not to begin anew.
    expect(await fetchBeyond()).toBe(NOT_LEADER)
    controlPlane.isAway = false
    await until(() =>
      produce(1).then(
        () => true,
        () => false,
      ),
    )
  })

  it('may void the session: then nothing is served until the broker has registered again', async () => {
    const { broker, client } = await startWithTopic()
    const { controlPlane } = broker
    await client.produce(TOPIC, ['a'])
    controlPlane.fence()
    await until(async () => (await client.fetch(TOPIC, 0)).errorCode === NOT_LEADER)
    await until(() => controlPlane.registrations.length === 2)
    const [first, second] = controlPlane.registrations
    expect(second?.previousBrokerEpoch).toBe(1)
    expect(second?.incarnationId).not.toBe(first?.incarnationId)
    expect(second?.directoryId).toBe(first?.directoryId)
  })

  it('is told everything at a registration, and refuses a directory of another cluster', async () => {
    const directory = await newDirectory()
    const broker = await startTestBroker({ directory })
    const [registration] = broker.controlPlane.registrations
    const { host, port } = broker.address
    expect(registration).toMatchObject({ brokerId: 1, clusterId: '', host, port, intact: true })
    await broker.stop()
    const other = new TestControlPlane()
    other.clusterId = 'c0000000-0000-4000-8000-00000000ffff'
    await expect(startTestBroker({ directory, controlPlane: other })).rejects.toThrow(
      /belongs to another cluster/,
    )
    const again = await startTestBroker({ directory, controlPlane: broker.controlPlane })
    expect(again.controlPlane.registrations[1]).toMatchObject({ previousBrokerEpoch: 1 })
  })

  it('is waited for when it is away at the start', async () => {
    const controlPlane = new TestControlPlane()
    controlPlane.isAway = true
    const starting = startTestBroker({ controlPlane })
    await until(() => controlPlane.lostCalls >= 2)
    controlPlane.isAway = false
    const broker = await starting
    await until(() => broker.health.readiness().ready)
  })
})

describe('a start that waits for the control plane', () => {
  it('ends when the process is to stop, and lets go of the directory', async () => {
    const directory = await newDirectory()
    const controlPlane = new TestControlPlane()
    controlPlane.isAway = true
    const stopping = new AbortController()
    const ports = { ...testPorts(), storage: await openNodeStorage(directory), link: controlPlane }
    const start = runBroker(testConfig(directory), ports, stopping.signal)
    const ended = expect(start).rejects.toMatchObject({ code: 'SHUTTING_DOWN' })
    await until(() => controlPlane.lostCalls > 0)
    stopping.abort()
    await ended
    controlPlane.isAway = false
    const broker = await startTestBroker({ directory, controlPlane })
    expect(broker.health.readiness().ready).toBe(true)
  })
})
