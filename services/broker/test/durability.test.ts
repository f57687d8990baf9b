/** What was acknowledged is there after every kind of end, and no directory is used by mistake. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { BrokerConnection } from '@courant/kafka-protocol'
import { BusError, systemClock } from '@courant/kernel'
import { nodeNetwork } from '@courant/service-kit'
import { describe, expect, it } from 'vitest'
import { batchOf, valuesOf } from './fixture/batches.ts'
import { Client } from './fixture/client.ts'
import { FailingStorage } from './fixture/failing-storage.ts'
import { atEnd, newDirectory, until } from './fixture/lifetime.ts'
import { startTestBroker } from './fixture/test-broker.ts'
import { TestControlPlane } from './fixture/test-control-plane.ts'
import { startWithTopic, TOPIC } from './fixture/topic.ts'

const PARTITIONS = 4
const STORAGE_OFFLINE = 56

describe('a restart', () => {
  it('keeps records, starts of logs and offsets', async () => {
    const { broker, client } = await startWithTopic()
    await client.produce(TOPIC, ['a', 'b', 'c'])
    await client.deleteRecords(TOPIC, 1)
    const { directory, controlPlane } = broker
    await broker.stop()
    const again = await startTestBroker({ directory, controlPlane })
    const reader = await again.client()
    await reader.untilServing(TOPIC)
    expect((await reader.listOffsets(TOPIC, -2)).offset).toBe(1)
    expect(await reader.read(TOPIC, 1)).toEqual(['b', 'c'])
    expect(await reader.produce(TOPIC, ['d'])).toBe(3)
    const { records } = await reader.fetch(TOPIC, 1)
    expect(valuesOf(records, 1)).toEqual(['b', 'c', 'd'])
  })

  it('after kill -9 in the middle of produces loses nothing acknowledged, and reorders nothing', async () => {
    const directory = await newDirectory()
    const child = await startChild(directory)
    const acknowledged = await produceUntilKilled(child)
    const controlPlane = new TestControlPlane()
    controlPlane.firstLeaderEpoch = 100
    controlPlane.createTopic(TOPIC, PARTITIONS)
    const broker = await startTestBroker({ directory, controlPlane })
    expect(controlPlane.registrations[0]).toMatchObject({ previousBrokerEpoch: 1, intact: true })
    const client = await broker.client()
    for (const [partition, values] of acknowledged.entries()) {
      await client.untilServing(TOPIC, partition)
      const stored = await client.read(TOPIC, 0, partition)
      expect(values.size).toBeGreaterThan(0)
      for (const [offset, value] of values) expect(stored[offset]).toBe(value)
      expect(new Set(stored).size).toBe(stored.length)
    }
  })

  it('after kill -9 pages through what is in files and on into what only the ring had', async () => {
    const directory = await newDirectory()
    const child = await startChild(directory)
    const producer = new Client(await connectTo(child.port))
    await producer.untilServing(TOPIC)
    // More than the ring's 16 MiB: much of it must be in files, and the last cannot be yet.
    const values = Array.from({ length: 30 }, (_, index) => `${index}-`.padEnd(900_000, 'x'))
    for (const [offset, value] of values.entries()) {
      expect(await producer.produce(TOPIC, [value])).toBe(offset)
    }
    child.process.kill('SIGKILL')
    await once(child.process, 'exit')
    const controlPlane = new TestControlPlane()
    controlPlane.firstLeaderEpoch = 100
    controlPlane.createTopic(TOPIC, PARTITIONS)
    const broker = await startTestBroker({ directory, controlPlane })
    const client = await broker.client()
    await client.untilServing(TOPIC)
    const stored = await client.read(TOPIC)
    expect(stored.map((value) => value.slice(0, 3))).toEqual(values.map((v) => v.slice(0, 3)))
    expect(stored.every((value, offset) => value === values[offset])).toBe(true)
  })

  it('after a stop in the middle of produces keeps what was acknowledged, and nothing twice', async () => {
    const { broker, client } = await startWithTopic()
    const { directory, controlPlane } = broker
    controlPlane.isAway = true
    const values = Array.from({ length: 400 }, (_, index) => `v${index}`)
    const produced = values.map((value) => client.produce(TOPIC, [value]).catch(() => null))
    await until(async () => (await client.latest(TOPIC)) > 0)
    await broker.stop()
    const offsets = await Promise.all(produced)
    controlPlane.isAway = false
    const reader = await (await startTestBroker({ directory, controlPlane })).client()
    await reader.untilServing(TOPIC)
    const stored = await reader.read(TOPIC)
    for (const [index, offset] of offsets.entries()) {
      if (offset !== null) expect(stored[offset]).toBe(values[index])
    }
    expect(stored).toEqual(values.slice(0, stored.length))
  })

  it('of a second process on the same directory is refused, with what to do', async () => {
    const directory = await newDirectory()
    await startTestBroker({ directory })
    const second = spawnChild(directory)
    const [line] = (await once(createInterface(second.stdout), 'line')) as [string]
    expect(line).toMatch(/Another process uses the data directory .*COURANT_DATA_DIR/)
  })

  it('as another broker is refused, and changes nothing', async () => {
    const directory = await newDirectory()
    const broker = await startTestBroker({ directory })
    await broker.stop()
    const before = await readFile(join(directory, 'meta.properties'), 'utf8')
    await expect(startTestBroker({ directory, config: { brokerId: 2 } })).rejects.toThrow(
      /belongs to broker 1, and this is broker 2/,
    )
    expect(await readFile(join(directory, 'meta.properties'), 'utf8')).toBe(before)
  })

  it('on a damaged identity is refused', async () => {
    const directory = await newDirectory()
    const broker = await startTestBroker({ directory })
    await broker.stop()
    const path = join(directory, 'meta.properties')
    await writeFile(
      path,
      (await readFile(path, 'utf8')).replace('broker.epoch=1', 'broker.epoch=7'),
    )
    await expect(startTestBroker({ directory })).rejects.toThrow(/checksum is wrong/)
  })
})

describe('a disk that stalls', () => {
  it('leaves produces without an outcome when their time is up, and serves on later', async () => {
    const disk = new FailingStorage()
    const broker = await startTestBroker({ storage: (real) => disk.wrap(real) })
    broker.controlPlane.createTopic(TOPIC)
    const client = await broker.client()
    await client.untilServing(TOPIC)
    const { promise, resolve } = Promise.withResolvers<void>()
    disk.stall = promise
    const late = client.produceBatch(TOPIC, batchOf(['late']), { timeoutMs: 10 })
    await expect(late).rejects.toMatchObject({ code: 'TIMED_OUT' })
    expect(await client.latest(TOPIC)).toBe(0)
    disk.stall = null
    resolve()
    expect(await client.produce(TOPIC, ['next'])).toBe(1)
    expect(await client.read(TOPIC)).toEqual(['late', 'next'])
  })
})

describe('a disk that fails', () => {
  it('ends all service, is told to the control plane, and remembered', async () => {
    const disk = new FailingStorage()
    const controlPlane = new TestControlPlane()
    const broker = await startTestBroker({ controlPlane, storage: (real) => disk.wrap(real) })
    controlPlane.createTopic(TOPIC)
    const client = await broker.client()
    await client.untilServing(TOPIC)
    await client.produce(TOPIC, ['kept'])
    disk.isFailing = true
    const failed = await client.produce(TOPIC, ['lost']).catch((error: unknown) => error)
    expect(BusError.from(failed).facts.applied).toBe('unknown')
    disk.isFailing = false
    const refused = await client.produce(TOPIC, ['no']).catch((error: unknown) => error)
    expect(BusError.from(refused).code).toBe('STORAGE_OFFLINE')
    expect((await client.fetch(TOPIC, 0, { maxWaitMs: 5_000 })).errorCode).toBe(STORAGE_OFFLINE)
    await until(() => controlPlane.heartbeats.some(({ storageOffline }) => storageOffline))
    expect(broker.health.readiness().checks['membership']).toMatch(/offline/)
    await broker.stop()
    const { directory } = broker
    const again = await startTestBroker({ directory, controlPlane })
    expect(controlPlane.registrations.at(-1)?.intact).toBe(false)
    expect((await (await again.client()).fetch(TOPIC, 0)).errorCode).not.toBe(0)
  })
})

function spawnChild(directory: string) {
  const script = fileURLToPath(new URL('./fixture/child.ts', import.meta.url))
  const child = spawn(process.execPath, [script, directory, TOPIC], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  atEnd(() => child.kill('SIGKILL'))
  return child
}

interface Child {
  readonly process: ChildProcess
  readonly port: number
}

async function startChild(directory: string): Promise<Child> {
  const child = spawnChild(directory)
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  return { process: child, port: Number(line) }
}

function connectTo(port: number): Promise<BrokerConnection> {
  return BrokerConnection.open({
    network: nodeNetwork,
    clock: systemClock,
    address: { host: '127.0.0.1', port },
    clientId: 'test',
    handshakeTimeoutMs: 10_000,
    answerOrder: 'any-order',
  })
}

/** Values by offset that were acknowledged, for each partition. */
async function produceUntilKilled({ process: child, port }: Child): Promise<Map<number, string>[]> {
  const connection = await connectTo(port)
  const client = new Client(connection)
  const acknowledged = Array.from({ length: PARTITIONS }, () => new Map<number, string>())
  const count = () => acknowledged.reduce((sum, { size }) => sum + size, 0)
  const produce = async (values: Map<number, string>, partition: number): Promise<void> => {
    await client.untilServing(TOPIC, partition)
    for (let next = 0; connection.isOpen; next += 16) {
      const sent = Array.from({ length: 16 }, (_, index) => `${partition}-${next + index}`)
      await Promise.all(
        sent.map(async (value) =>
          values.set(await client.produce(TOPIC, [value], partition), value),
        ),
      )
    }
  }
  const producing = Promise.allSettled(acknowledged.map(produce))
  await until(() => count() > 2_000)
  child.kill('SIGKILL')
  await once(child, 'exit')
  await producing
  return acknowledged
}
