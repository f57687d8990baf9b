/**
 * Goal: a coordinator answers for its groups what is durable, counts a commit only of the owner, and
 * follows topics; all of it against a real PostgreSQL.
 */
import { afterAll, afterEach, beforeEach, expect, it } from 'vitest'
import { cleanUp, databases, newBroker, type Running, start } from './fixture.ts'
import { GroupCalls, owned } from './group-calls.ts'

let url: string
let running: Running
let calls: GroupCalls
let tenantId: string
let topicId: string

beforeEach(async () => {
  url = await databases.create()
  running = await start(url)
  await running.activeBroker(newBroker(1))
  const { tenant } = await running.createTenant('acme')
  tenantId = tenant?.tenantId ?? ''
  const { topic } = await running.createTopic({ tenantId, name: 'orders', partitionCount: 4 })
  topicId = topic?.topicId ?? ''
  calls = new GroupCalls(running.controlPlane.address)
})
afterEach(cleanUp)
afterAll(() => databases.close())

function member(memberId: string, group = 'billing') {
  return { tenantId, group, memberId }
}

it('a member that polls gets every partition, and what it commits is where it goes on', async () => {
  const first = await calls.poll(member('a'), ['orders'])
  expect(owned(first)).toEqual(['orders-0', 'orders-1', 'orders-2', 'orders-3'])
  expect(first.assignment[0]?.partitions[0]?.committedOffset).toBeUndefined()
  const { memberEpoch } = first
  const commit = { memberEpoch, topicId, offset: 7 }
  expect(await calls.commitOne(member('a'), commit)).toMatchObject({
    errorCode: '',
    errors: [],
    alreadyCommitted: false,
  })
  const second = await calls.poll(member('a'), ['orders'])
  expect(second.assignment[0]?.partitions[0]).toMatchObject({
    committedOffset: 7,
    committedLeaderEpoch: 0,
  })
  expect(second.pollNumber).toBeGreaterThan(first.pollNumber)
})
