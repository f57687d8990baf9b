/**
 * Goal: a coordinator answers for its groups what is durable, counts a commit only of the owner,
 * and follows topics; all of it against a real PostgreSQL.
 */
import { MemberEventKind } from '@courant/api/internal/v1/group'
import { limits } from '@courant/kernel'
import { afterAll, afterEach, beforeEach, expect, it } from 'vitest'
import {
  cleanUp,
  connect,
  databases,
  newBroker,
  type Running,
  type StartOptions,
  start,
  until,
} from './fixture.ts'
import { GroupCalls, owned } from './group-calls.ts'
import { LeapingClock } from './leaping-clock.ts'

let url: string
let running: Running
let calls: GroupCalls
let tenantId: string
let topicId: string

async function begin(options: StartOptions = {}): Promise<void> {
  running = await start(url, options)
  calls = new GroupCalls(running.controlPlane.address)
}

beforeEach(async () => {
  url = await databases.create()
  await begin()
  await running.activeBroker(newBroker(1))
  const { tenant } = await running.createTenant('acme')
  tenantId = tenant?.tenantId ?? ''
  const { topic } = await running.createTopic({ tenantId, name: 'orders', partitionCount: 4 })
  topicId = topic?.topicId ?? ''
})
afterEach(cleanUp)
afterAll(() => databases.close())

function member(memberId: string, group = 'billing') {
  return { tenantId, group, memberId }
}

const WAITING = `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'
  AND datname = current_database() AND query LIKE '%courant.group_offset%'`

function kindsOf(events: readonly { readonly kind: MemberEventKind }[]) {
  return events.map(({ kind }) => kind)
}

const { MEMBER_EVENT_KIND_SUPERSEDED: SUPERSEDED, MEMBER_EVENT_KIND_ASSIGNMENT_CHANGED: CHANGED } =
  MemberEventKind

it('a member that polls gets every partition, and what it commits is where it goes on', async () => {
  const first = await calls.poll(member('a'), ['orders'])
  expect(owned(first)).toEqual(['orders-0', 'orders-1', 'orders-2', 'orders-3'])
  expect(first.assignment[0]?.partitions[0]?.committedOffset).toBeUndefined()
  const commit = { memberEpoch: first.memberEpoch, topicId, offset: 7 }
  expect(await calls.commitOne(member('a'), commit)).toEqual({
    errorCode: '',
    errors: [],
    alreadyCommitted: false,
  })
  const second = await calls.poll(member('a'), ['orders'])
  const [partition] = second.assignment[0]?.partitions ?? []
  expect(partition).toMatchObject({ committedOffset: 7, committedLeaderEpoch: 0 })
  expect(second.pollNumber).toBeGreaterThan(first.pollNumber)
})

it('a commit never moves an offset back, and says so', async () => {
  const { memberEpoch } = await calls.poll(member('a'), ['orders'])
  const commit = (offset: number) => calls.commitOne(member('a'), { memberEpoch, topicId, offset })
  await commit(9)
  expect(await commit(9)).toMatchObject({ alreadyCommitted: true })
  expect(await commit(3)).toMatchObject({ errorCode: '', alreadyCommitted: true })
  const { partitions } = await calls.describe(tenantId, 'billing')
  expect(partitions[0]).toMatchObject({ committedOffset: 9, owner: 'a' })
})

it('each partition of a commit counts by itself: only what the member owns (B13.7)', async () => {
  const { memberEpoch } = await calls.poll(member('a'), ['orders'])
  await calls.poll(member('b'), ['orders'])
  // With empty hands it gives away what is to move.
  const kept = await calls.poll(member('a'), ['orders'])
  const partitions = [0, 1, 2, 3].map((partition) => ({
    ...{ partition, offset: 5, leaderEpoch: 0, metadata: '' },
  }))
  const [result] = await calls.commit([
    {
      member: { ...member('a'), principal: 'key-1' },
      memberEpoch,
      topics: [{ topicId, partitions }],
      releasesUpToPoll: 0,
      releases: [],
    },
  ])
  const refused = (result?.errors ?? []).map(({ partition }) => `orders-${partition}`)
  expect(refused).toHaveLength(2)
  expect(result?.errors.every(({ errorCode }) => errorCode === 'LEASE_EXPIRED')).toBe(true)
  expect([...refused, ...owned(kept)].sort()).toEqual(owned({ ...kept, assignment: all() }))
  const described = await calls.describe(tenantId, 'billing')
  const committed = described.partitions.filter(({ committedOffset }) => committedOffset === 5)
  expect(committed.map(({ partition }) => `orders-${partition}`)).toEqual(owned(kept))

  function all() {
    const every = [0, 1, 2, 3].map((partition) => ({ partition, assignmentEpoch: 0 }))
    const committed = { committedOffset: undefined, committedLeaderEpoch: -1 }
    const withOffsets = every.map((each) => ({ ...each, ...committed }))
    return [{ topicId, topic: 'orders', partitions: withOffsets }]
  }
})

it("a commit under way counts before its partition is anybody else's (B13.7)", async () => {
  const { memberEpoch } = await calls.poll(member('a'), ['orders'])
  await calls.commitOne(member('a'), { memberEpoch, topicId, offset: 5 })
  const client = await connect(url)
  await client.query('BEGIN; SELECT FROM courant.group_offset FOR UPDATE')
  const commit = calls.commitOne(member('a'), { memberEpoch, topicId, offset: 9 })
  await until(async () => (await (await connect(url)).query(WAITING)).rows.length > 0)
  const left = calls.leave(member('a'))
  const next = calls.poll(member('b'), ['orders'])
  // Another group's rows are written meanwhile, after which these would have been.
  for (const memberId of ['c', 'd']) await calls.poll(member(memberId, 'other'), ['orders'])
  await client.query('COMMIT')
  expect(await commit).toMatchObject({ errorCode: '', errors: [] })
  await left
  expect((await next).assignment[0]?.partitions[0]?.committedOffset).toBe(9)
})

it('who left, and an epoch that was never given out, commits nothing', async () => {
  const { memberEpoch } = await calls.poll(member('a'), ['orders'])
  const early = await calls.commitOne(member('a'), {
    ...{ memberEpoch: memberEpoch + 1, topicId, offset: 5 },
  })
  expect(early).toMatchObject({ errorCode: 'LEASE_EXPIRED' })
  await calls.leave(member('a'))
  await calls.leave(member('a'))
  const late = await calls.commitOne(member('a'), { memberEpoch, topicId, offset: 5 })
  expect(late).toMatchObject({ errorCode: 'LEASE_EXPIRED' })
  const { rows } = await (await connect(url)).query('SELECT FROM courant.group_offset')
  expect(rows).toEqual([])
})

it('a bad commit is refused by itself, and those beside it count', async () => {
  const { memberEpoch } = await calls.poll(member('a'), ['orders'])
  const commit = (memberId: string, metadata: string, offset: number) => ({
    member: { ...member(memberId), principal: 'key-1' },
    memberEpoch,
    topics: [{ topicId, partitions: [{ partition: 0, offset, leaderEpoch: 0, metadata }] }],
    releasesUpToPoll: 0,
    releases: [],
  })
  const results = await calls.commit([
    commit('a', 'NUL \0', 5),
    commit('a', 'x'.repeat(limits.offsetMetadataBytesMax + 1), 5),
    commit('a/b', '', 5),
    commit('a', 'so far', 6),
  ])
  expect(results.map(({ errorCode }) => errorCode)).toEqual([
    'INVALID_ARGUMENT',
    'INVALID_ARGUMENT',
    'INVALID_ARGUMENT',
    '',
  ])
  const { partitions } = await calls.describe(tenantId, 'billing')
  expect(partitions[0]).toMatchObject({ committedOffset: 6, metadata: 'so far' })
})

it('a member id belongs to who used it first, until the member leaves', async () => {
  await calls.poll(member('a'), ['orders'])
  const other = { principal: 'key-2' }
  await expect(calls.poll(member('a'), ['orders'], other)).rejects.toMatchObject({
    code: 'MEMBER_ID_IN_USE',
  })
  await expect(calls.leave(member('a'), 'key-2')).rejects.toMatchObject({
    code: 'MEMBER_ID_IN_USE',
  })
  await calls.leave(member('a'))
  expect(owned(await calls.poll(member('a'), ['orders'], other))).toHaveLength(4)
})

it('partitions that are added, and a topic that is deleted, reach the members at once', async () => {
  const { events } = await calls.watch()
  const { pollNumber, memberEpoch } = await calls.poll(member('a'), ['orders', 'refunds'])
  await calls.commitOne(member('a'), { memberEpoch, topicId, offset: 5 })
  await running.addPartitions({ tenantId, name: 'orders', partitionCount: 6 })
  await until(() => events.length === 1)
  expect(events[0]).toMatchObject({ pollNumber, memberId: 'a', kind: CHANGED })
  const again = { pollNumber }
  expect(owned(await calls.poll(member('a'), ['orders', 'refunds'], again))).toHaveLength(6)
  await running.createTopic({ tenantId, name: 'refunds', partitionCount: 1 })
  await until(() => events.length === 2)
  expect(owned(await calls.poll(member('a'), ['orders', 'refunds'], again))).toHaveLength(7)
  await running.deleteTopic({ tenantId, name: 'orders' })
  await until(() => events.length === 3)
  expect(owned(await calls.poll(member('a'), ['orders', 'refunds'], again))).toEqual(['refunds-0'])
  const { rows } = await (await connect(url)).query('SELECT FROM courant.group_offset')
  expect(rows).toEqual([])
})

it('a newer poll ends the older one, whose gateway hears it, also with its next watch', async () => {
  const watch = await calls.watch()
  const older = await calls.poll(member('a'), ['orders'])
  await calls.poll(member('a'), ['orders'])
  await until(() => watch.events.length === 1)
  expect(watch.events[0]).toMatchObject({ pollNumber: older.pollNumber, kind: SUPERSEDED })
  const next = await calls.watch()
  await watch.ended
  await calls.poll(member('a'), ['orders'])
  await until(() => next.events.length === 1)
  expect(kindsOf(next.events)).toEqual([SUPERSEDED])
  await expect(
    calls.poll(member('a'), ['orders'], { pollNumber: older.pollNumber }),
  ).rejects.toMatchObject({ code: 'POLL_SUPERSEDED' })
})

it('what happens while a gateway has no watch waits for it', async () => {
  const other = new GroupCalls(running.controlPlane.address, 'gateway-2')
  await other.poll(member('a'), ['orders'])
  await calls.poll(member('a'), ['orders'])
  expect(kindsOf((await other.watch()).events)).toEqual([SUPERSEDED])
})

it('a member that is silent for its session loses its partitions', async () => {
  const clock = new LeapingClock()
  await running.stop()
  await begin({ clock, groupLeaseMs: 60_000 })
  await calls.poll(member('a'), ['orders'], { sessionTimeoutMs: 6_000 })
  await calls.poll(member('b'), ['orders'], { sessionTimeoutMs: 20_000 })
  clock.leap(6_001)
  await until(async () => owned(await calls.poll(member('b'), ['orders'])).length === 4)
  const { members, incidents } = await calls.describe(tenantId, 'billing')
  expect(members.map(({ memberId }) => memberId)).toEqual(['b'])
  expect(incidents.at(-1)).toMatchObject({ memberId: 'a', kind: 3 })
})

it('signs of life write nothing, however many there are', async () => {
  const ids = Array.from({ length: 500 }, (_, index) => `m-${index}`)
  const polls = await Promise.all(
    ids.map((id) => calls.poll(member(id), ['orders'], { sessionTimeoutMs: 6_000 })),
  )
  const client = await connect(url)
  await client.query('CREATE SEQUENCE public.writes; GRANT ALL ON SEQUENCE public.writes TO PUBLIC')
  await client.query(`CREATE FUNCTION public.count_write() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN PERFORM nextval('public.writes'); RETURN NULL; END $$`)
  for (const table of ['consumer_group', 'group_member', 'group_partition', 'group_offset']) {
    await client.query(`CREATE TRIGGER count_write AFTER INSERT OR UPDATE OR DELETE
      ON courant.${table} FOR EACH STATEMENT EXECUTE FUNCTION public.count_write()`)
  }
  const heartbeats = ids.map((id, index) => ({
    member: { ...member(id), principal: 'key-1' },
    ...{ memberEpoch: polls[index]?.memberEpoch ?? 0, endedPoll: 0, openForMs: 0 },
  }))
  for (let round = 0; round < 20; round++) {
    const results = await calls.heartbeat(heartbeats)
    expect(results.every(({ errorCode }) => errorCode === '')).toBe(true)
  }
  const writes = 'SELECT is_called FROM public.writes'
  expect((await client.query(writes)).rows).toEqual([{ is_called: false }])
  // The counter counts.
  await calls.leave(member('m-0'))
  expect((await client.query(writes)).rows).toEqual([{ is_called: true }])
})

it('members and offsets survive an orderly restart, which waits for no lease', async () => {
  const { memberEpoch } = await calls.poll(member('a'), ['orders'])
  await calls.commitOne(member('a'), { memberEpoch, topicId, offset: 5 })
  await running.stop()
  await begin()
  const [alive] = await calls.heartbeat([
    {
      member: { ...member('a'), principal: 'key-1' },
      ...{ memberEpoch, endedPoll: 0, openForMs: 0 },
    },
  ])
  expect(alive).toMatchObject({ errorCode: '', memberEpoch })
  const { assignment } = await calls.poll(member('a'), ['orders'])
  expect(assignment[0]?.partitions[0]?.committedOffset).toBe(5)
})

it('an administrator moves offsets of an empty group, or fences its members first', async () => {
  const billing = { tenantId, group: 'billing' }
  await calls.setOffset(billing, { topicId, offset: 50 })
  const { memberEpoch, assignment } = await calls.poll(member('a'), ['orders'])
  expect(assignment[0]?.partitions[0]?.committedOffset).toBe(50)
  await expect(calls.setOffset(billing, { topicId, offset: 3 })).rejects.toMatchObject({
    code: 'GROUP_NOT_EMPTY',
  })
  await expect(calls.delete(tenantId, 'billing')).rejects.toMatchObject({ code: 'GROUP_NOT_EMPTY' })
  const { membersFenced } = await calls.setOffset(billing, { topicId, offset: 3 }, true)
  expect(membersFenced).toBe(1)
  const late = await calls.commitOne(member('a'), { memberEpoch, topicId, offset: 60 })
  expect(late).toMatchObject({ errorCode: 'LEASE_EXPIRED' })
  const next = await calls.poll(member('a'), ['orders'])
  expect(next.assignment[0]?.partitions[0]?.committedOffset).toBe(3)
  await calls.leave(member('a'))
  await calls.delete(tenantId, 'billing')
  await expect(calls.describe(tenantId, 'billing')).rejects.toMatchObject({
    code: 'GROUP_NOT_FOUND',
  })
  expect((await calls.list(tenantId)).groups).toEqual([])
})

it('groups are listed by name, a page at a time, and those of others are not', async () => {
  for (const name of ['b', 'a', 'c', 'other']) await calls.poll(member('m', name), ['orders'])
  const { tenant } = await running.createTenant('rival')
  await calls.poll({ tenantId: tenant?.tenantId ?? '', group: 'a2', memberId: 'm' }, ['orders'])
  await calls.leave(member('m', 'b'))
  const page = await calls.list(tenantId, { limit: 2 })
  expect(page.groups.map(({ group, members }) => [group, members])).toEqual([
    ['a', 1],
    ['b', 0],
  ])
  expect(page.more).toBe(true)
  const rest = await calls.list(tenantId, { after: 'b' })
  expect(rest.groups.map(({ group }) => group)).toEqual(['c', 'other'])
  expect((await calls.list(tenantId, { prefix: 'o' })).groups).toHaveLength(1)
})

it('only a group that has long been empty expires, with its offsets (bug 35)', async () => {
  await running.stop()
  await begin({ sessionTimeoutMs: 1_000 })
  for (const name of ['used', 'unused', 'recent', 'moved']) {
    const { memberEpoch } = await calls.poll(member('m', name), ['orders'])
    await calls.commitOne(member('m', name), { memberEpoch, topicId, offset: 5 })
    if (name !== 'used') await calls.leave(member('m', name))
  }
  const client = await connect(url)
  const days = limits.groupOffsetsKeptMs / 86_400_000
  await client.query(`UPDATE courant.group_offset offsets SET
    committed_at = committed_at - interval '${days} days' FROM courant.consumer_group known
    WHERE known.group_id = offsets.group_id AND known.name <> 'moved'`)
  await client.query(`UPDATE courant.consumer_group SET
    empty_since = empty_since - interval '${days} days' WHERE name <> 'recent'`)
  const names = async () => (await calls.list(tenantId)).groups.map(({ group }) => group).join(' ')
  await until(async () => (await names()) !== 'moved recent unused used')
  expect(await names()).toBe('moved recent used')
  const { rows } = await client.query('SELECT FROM courant.group_offset')
  expect(rows).toHaveLength(3)
})

it('nobody joins a group of a tenant that there is not', async () => {
  const nobody = { tenantId: '00000000-0000-4000-8000-000000000000', group: 'g', memberId: 'm' }
  await expect(calls.poll(nobody, ['orders'])).rejects.toMatchObject({ code: 'TENANT_NOT_FOUND' })
})
