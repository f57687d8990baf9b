/**
 * Goal: a group has one coordinator at a time, whoever dies or is cut off; what dies removes
 * nobody, and what was taken over writes nothing.
 */
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CuttingProxy } from './cutting-proxy.ts'
import {
  cleanUp,
  connect,
  databases,
  newBroker,
  onCleanUp,
  type Running,
  type StartOptions,
  start,
  until,
} from './fixture.ts'
import { GroupCalls, owned } from './group-calls.ts'

let url: string

beforeEach(async () => {
  url = await databases.create()
})
afterEach(cleanUp)
afterAll(() => databases.close())

interface Side {
  readonly running: Running
  readonly calls: GroupCalls
  readonly target: string
}

async function begin(options: StartOptions = {}, by = url): Promise<Side> {
  const running = await start(by, options)
  const { address } = running.controlPlane
  const calls = new GroupCalls(address)
  return { running, calls, target: `${address.host}:${address.port}` }
}

async function prepare({ running }: Side) {
  await running.activeBroker(newBroker(1))
  const { tenant } = await running.createTenant('acme')
  const tenantId = tenant?.tenantId ?? ''
  const { topic } = await running.createTopic({ tenantId, name: 'orders', partitionCount: 2 })
  return { tenantId, topicId: topic?.topicId ?? '' }
}

/** By target, how many shards it has. */
async function shares({ calls }: Side): Promise<Record<string, number>> {
  const shards = await calls.shards()
  const targets = Map.groupBy(shards, ({ address }) => address)
  return Object.fromEntries([...targets].map(([target, of]) => [target, of.length]))
}

/** A group of which each member is at its coordinator, by trying names. */
async function groupAt(side: Side, tenantId: string): Promise<string> {
  for (let index = 0; index < 64; index++) {
    const name = `group-${index}`
    const found = await side.calls
      .poll({ tenantId, group: name, memberId: 'a' }, ['orders'])
      .catch(() => null)
    if (found !== null) return name
  }
  throw new Error('no group of 64 belongs to this control plane')
}

describe('the shards of groups', () => {
  it('are shared evenly when a control plane comes, and all there when it goes', async () => {
    const one = await begin()
    expect(await shares(one)).toEqual({ [one.target]: 64 })
    const { tenantId } = await prepare(one)
    const names = Array.from({ length: 8 }, (_, index) => `group-${index}`)
    const member = (group: string) => ({ tenantId, group, memberId: 'a' })
    const before = new Map<string, number>()
    for (const name of names) {
      const { memberEpoch } = await one.calls.poll(member(name), ['orders'])
      before.set(name, memberEpoch)
    }
    const two = await begin()
    await until(async () => (await shares(one))[two.target] === 32)
    expect(await shares(one)).toEqual({ [one.target]: 32, [two.target]: 32 })
    for (const name of names) {
      const heard = await Promise.all([one, two].map((side) => alive(side, member(name))))
      // Exactly one of them answers for it, and the member is what it was.
      expect(heard.map((each) => each?.errorCode).sort()).toEqual(['', 'NOT_COORDINATOR'])
      const [answer] = heard.filter((each) => each?.errorCode === '')
      expect(answer?.memberEpoch).toBe(before.get(name))
    }
    await two.running.stop()
    await until(async () => (await shares(one))[one.target] === 64)

    async function alive({ calls }: Side, who: ReturnType<typeof member>) {
      const memberEpoch = before.get(who.group) ?? 0
      const [heard] = await calls.heartbeat([
        { member: { ...who, principal: 'key-1' }, memberEpoch, endedPoll: 0, openForMs: 0 },
      ])
      return heard
    }
  })
})

describe('a control plane that is cut off from its database', () => {
  it('answers for no group once its lease is over, and the other removes nobody', async () => {
    const proxy = await CuttingProxy.start(url)
    const lost = await begin({ groupLeaseMs: 1_000 }, proxy.url)
    const { tenantId, topicId } = await prepare(lost)
    const member = { tenantId, group: 'billing', memberId: 'a' }
    const { memberEpoch, pollNumber } = await lost.calls.poll(member, ['orders'])
    await lost.calls.commitOne(member, { memberEpoch, topicId, offset: 5 })
    await proxy.stop()
    const next = await begin({ groupLeaseMs: 1_000 })
    await until(async () => (await shares(next))[next.target] === 64)
    await expect(lost.calls.poll(member, ['orders'])).rejects.toMatchObject({
      code: 'NOT_COORDINATOR',
      facts: { retriable: true, applied: 'no' },
    })
    const [heard] = await next.calls.heartbeat([
      { member: { ...member, principal: 'key-1' }, memberEpoch, endedPoll: 0, openForMs: 0 },
    ])
    expect(heard).toMatchObject({ errorCode: '', memberEpoch })
    const commit = { memberEpoch, topicId, offset: 6 }
    expect(await next.calls.commitOne(member, commit)).toMatchObject({ errorCode: '' })
    const after = await next.calls.poll(member, ['orders'])
    expect(after.assignment[0]?.partitions[0]?.committedOffset).toBe(6)
    expect(after.memberEpoch).toBe(memberEpoch)
    expect(after.pollNumber).toBeGreaterThan(pollNumber)
  })
})

describe('a control plane whose shards were taken over without its knowing', () => {
  async function zombie() {
    const one = await begin({ groupLeaseMs: 60_000 })
    const { tenantId, topicId } = await prepare(one)
    const group = await groupAt(one, tenantId)
    const member = { tenantId, group, memberId: 'a' }
    const { memberEpoch } = await one.calls.poll(member, ['orders'])
    await one.calls.commitOne(member, { memberEpoch, topicId, offset: 5 })
    const client = await connect(url)
    // As if its lease had ended, and another had seen that: its own clock says that it has time.
    await client.query(
      `UPDATE courant.group_shard SET owner = gen_random_uuid(), epoch = epoch + 1`,
    )
    return { one, member, memberEpoch, topicId, client }
  }

  it('commits nothing any more', async () => {
    const { one, member, memberEpoch, topicId, client } = await zombie()
    const late = await one.calls.commitOne(member, { memberEpoch, topicId, offset: 9 })
    expect(late).toMatchObject({ errorCode: 'NOT_COORDINATOR' })
    const { rows } = await client.query('SELECT committed_offset FROM courant.group_offset')
    expect(rows).toEqual([{ committed_offset: '5' }])
    // It has understood: it says nothing from memory either.
    await expect(one.calls.poll(member, ['orders'])).rejects.toMatchObject({
      code: 'NOT_COORDINATOR',
    })
  })

  it('lets nobody join or leave, and moves no offset for an administrator', async () => {
    const { one, member, topicId, client } = await zombie()
    const joining = one.calls.poll({ ...member, memberId: 'b' }, ['orders'])
    await expect(joining).rejects.toMatchObject({ code: 'NOT_COORDINATOR' })
    await expect(one.calls.leave(member)).rejects.toMatchObject({ code: 'NOT_COORDINATOR' })
    await expect(one.calls.setOffset(member, { topicId, offset: 1 }, true)).rejects.toMatchObject({
      code: 'NOT_COORDINATOR',
    })
    const { rows } = await client.query('SELECT member_id FROM courant.group_member')
    expect(rows).toEqual([{ member_id: 'a' }])
  })
})

describe('when the answer to COMMIT is lost', () => {
  async function behindProxy() {
    const proxy = await CuttingProxy.start(url)
    onCleanUp(() => proxy.stop())
    const side = await begin({}, proxy.url)
    return { proxy, side, ...(await prepare(side)) }
  }

  it('a member has joined once, and owns what the rows say', async () => {
    const { proxy, side, tenantId } = await behindProxy()
    proxy.cutAtNextChange('INSERT INTO courant.group_member')
    const polled = await side.calls.poll({ tenantId, group: 'g', memberId: 'a' }, ['orders'])
    expect(proxy.cuts).toBe(1)
    expect(owned(polled)).toEqual(['orders-0', 'orders-1'])
    const { members, partitions } = await side.calls.describe(tenantId, 'g')
    expect(members).toHaveLength(1)
    expect(partitions.map(({ owner }) => owner)).toEqual(['a', 'a'])
    const client = await connect(url)
    const { rows } = await client.query('SELECT DISTINCT owner FROM courant.group_partition')
    expect(rows).toEqual([{ owner: 'a' }])
  })

  it('a commit is durable, and counts once', async () => {
    const { proxy, side, tenantId, topicId } = await behindProxy()
    const member = { tenantId, group: 'g', memberId: 'a' }
    const { memberEpoch } = await side.calls.poll(member, ['orders'])
    proxy.cutAtNextChange('INSERT INTO courant.group_offset')
    const commit = { memberEpoch, topicId, offset: 5 }
    expect(await side.calls.commitOne(member, commit)).toMatchObject({ errorCode: '' })
    expect(proxy.cuts).toBe(1)
    const client = await connect(url)
    const { rows } = await client.query(
      'SELECT committed_offset, commit_version FROM courant.group_offset',
    )
    expect(rows).toEqual([{ committed_offset: '5', commit_version: '1' }])
  })
})

it('a database that went back in time ends the lease: its groups are read anew', async () => {
  const one = await begin({ groupLeaseMs: 1_000 })
  const { tenantId, topicId } = await prepare(one)
  const member = { tenantId, group: 'g', memberId: 'a' }
  const { memberEpoch } = await one.calls.poll(member, ['orders'])
  await one.calls.commitOne(member, { memberEpoch, topicId, offset: 5 })
  const client = await connect(url)
  const epochs = async () =>
    (await client.query('SELECT min(epoch) AS epoch FROM courant.group_shard')).rows[0]?.epoch
  const before = await epochs()
  // What a restore from a backup does to the rows, under a process that goes on.
  await client.query(`UPDATE courant.group_offset SET committed_offset = 2;
    UPDATE courant.control_plane SET renewals = -1000`)
  await until(async () => (await epochs()) !== before)
  await until(async () => {
    const polled = await one.calls.poll(member, ['orders']).catch(() => null)
    return polled?.assignment[0]?.partitions[0]?.committedOffset === 2
  })
})
