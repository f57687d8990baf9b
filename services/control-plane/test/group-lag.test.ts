/**
 * Goal: how far behind groups are is known though nobody asks, once in a fleet, and never from
 * what was true some time ago.
 */
import { LagDirection } from '@courant/api/internal/v1/group'
import { afterAll, afterEach, beforeEach, expect, it } from 'vitest'
import { readPositions } from '../src/groups/lag/read-positions.ts'
import {
  cleanUp,
  databases,
  newBroker,
  onCleanUp,
  openDatabase,
  type Running,
  start,
  until,
} from './fixture.ts'
import { GroupCalls } from './group-calls.ts'
import { LogEndsBroker } from './log-ends-broker.ts'

const LAG = { lagIntervalMs: 200, groupLeaseMs: 1_000 }
const ALL_SHARDS = Array.from({ length: 64 }, (_, shard) => shard)

let url: string
let one: Running
let calls: GroupCalls
let broker: LogEndsBroker
let tenantId: string
let topicId: string

beforeEach(async () => {
  url = await databases.create()
  broker = new LogEndsBroker()
  const port = await broker.start()
  onCleanUp(() => broker.stop())
  one = await start(url, LAG)
  calls = new GroupCalls(one.controlPlane.address)
  await one.activeBroker({ ...newBroker(1), host: '127.0.0.1', port })
  const { tenant } = await one.createTenant('acme')
  tenantId = tenant?.tenantId ?? ''
  const { topic } = await one.createTopic({ tenantId, name: 'orders', partitionCount: 2 })
  topicId = topic?.topicId ?? ''
  broker.ends.set(`${topicId}/0`, 100)
  broker.ends.set(`${topicId}/1`, 50)
})
afterEach(cleanUp)
afterAll(() => databases.close())

/** A group with one member that has read partition 0 up to `offset`. */
async function makeGroup(group: string, offset: number, at = calls): Promise<void> {
  const name = { tenantId, group, memberId: 'm' }
  const { memberEpoch } = await at.poll(name, ['orders'])
  await at.commitOne(name, { memberEpoch, topicId, offset })
}

/** By labels, as `/metrics` has them. */
async function series(name: string, of = one): Promise<Record<string, number>> {
  const text = await of.ports.metrics.text()
  const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`))
  const at = (line: string) => line.lastIndexOf(' ')
  const labels = (line: string) => line.slice(name.length, at(line)).replaceAll('"', '')
  return Object.fromEntries(lines.map((line) => [labels(line), Number(line.slice(at(line)))]))
}

it('is in the metrics and in lists though nobody asked for the group', async () => {
  await makeGroup('billing', 93)
  await until(async () => (await calls.list(tenantId)).groups[0]?.lag?.records === 57)
  await until(async () => Object.keys(await series('courant_group_lag_records')).length === 2)
  const at = '{tenant=acme,group=billing'
  expect(await series('courant_group_lag_records')).toEqual({
    [`${at},topic=orders,partition=0}`]: 7,
    // Nothing was committed of it: all that is there is unprocessed.
    [`${at},topic=orders,partition=1}`]: 50,
  })
  expect(await series('courant_group_sum_lag_records')).toEqual({ [`${at}}`]: 57 })
  expect(await series('courant_group_max_lag_records')).toEqual({ [`${at}}`]: 50 })
})

it('ages from the moment at which the end of the log passed the committed offset', async () => {
  const label = '{tenant=acme,group=billing,topic=orders,partition=0}'
  const age = async () => (await series('courant_group_lag_seconds'))[label]
  await makeGroup('billing', 100)
  await until(async () => (await age()) === 0)
  broker.ends.set(`${topicId}/0`, 200)
  await until(async () => ((await age()) ?? 0) > 0.5)
  // What was there before the first sample is older, as far as anybody knows.
  const all = await series('courant_group_lag_seconds')
  expect(all[label.replace('partition=0', 'partition=1')]).toBeGreaterThanOrEqual(
    all[label] ?? Infinity,
  )
})

it('tells whether it grows or shrinks, of a partition and of the group', async () => {
  await makeGroup('billing', 0)
  await until(async () => {
    const end = broker.ends.get(`${topicId}/0`) ?? 0
    broker.ends.set(`${topicId}/0`, end + 5_000)
    return (await trends())[0] === LagDirection.LAG_DIRECTION_GROWING
  })
  const { group, partitions } = await calls.describe(tenantId, 'billing')
  expect(group?.lag?.trend?.direction).toBe(LagDirection.LAG_DIRECTION_GROWING)
  expect(group?.lag?.trend?.recordsPerSecond).toBeGreaterThan(0)
  expect(partitions[1]?.lagTrend?.direction).toBe(LagDirection.LAG_DIRECTION_STEADY)
  await makeGroup('billing', broker.ends.get(`${topicId}/0`) ?? 0)
  await until(async () => (await trends())[0] === LagDirection.LAG_DIRECTION_SHRINKING)

  async function trends() {
    const described = await calls.describe(tenantId, 'billing')
    return described.partitions.map(({ lagTrend }) => lagTrend?.direction)
  }
})

it('is not there while a leader does not answer, instead of being old', async () => {
  await makeGroup('billing', 93)
  await until(async () => Object.keys(await series('courant_group_lag_records')).length === 2)
  broker.ends.delete(`${topicId}/0`)
  await until(async () => Object.keys(await series('courant_group_lag_records')).length === 1)
  await broker.stop()
  await until(async () => Object.keys(await series('courant_group_lag_records')).length === 0)
  expect((await calls.list(tenantId)).groups[0]?.lag).toBeUndefined()
})

it('is reported by one control plane for each group, and by the next when that stops', async () => {
  const names = Array.from({ length: 12 }, (_, index) => `group-${index}`)
  for (const name of names) await makeGroup(name, 10)
  const two = await start(url, LAG)
  const reported = async (by: Running) =>
    Object.keys(await series('courant_group_sum_lag_records', by))
  await until(async () => {
    // In this order: what is seen there was given away here before.
    const others = await reported(two)
    const mine = await reported(one)
    expect(mine.filter((labels) => others.includes(labels))).toEqual([])
    return others.length > 0 && mine.length + others.length === names.length
  })
  await one.stop()
  expect(await reported(one)).toEqual([])
  await until(async () => (await reported(two)).length === names.length)
})

it('asks a leader once for a partition that many groups read', async () => {
  for (let index = 0; index < 5; index++) await makeGroup(`group-${index}`, 10)
  await until(async () => Object.keys(await series('courant_group_lag_records')).length === 10)
  expect(broker.mostAsked).toBe(2)
})

it('leaves out whole groups beyond the limit of what is sampled, and says how much', async () => {
  for (const name of ['a', 'b', 'c']) await makeGroup(name, 10)
  const database = openDatabase(url)
  const { positions, unread } = await readPositions(database, ALL_SHARDS, 5)
  expect(positions.map(({ group, partition }) => `${group}-${partition}`).sort()).toEqual([
    ...['a-0', 'a-1', 'b-0', 'b-1'],
  ])
  expect(unread).toBe(2)
  expect((await readPositions(database, ALL_SHARDS, 6)).unread).toBe(0)
})
