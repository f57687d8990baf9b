/**
 * Goal: a member of a group gets every record at least once and what it has acknowledged never
 * again, whatever is lost on the way.
 */
import { systemClock, wait } from '@courant/kernel'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { type Answer, call, newTenant } from './support/api.ts'

let key: string
let names = 0

beforeAll(async () => {
  key = await newTenant('groups')
})

/** A topic with so many records in each partition, and a group that nobody knows yet. */
async function fixture(partitions = 1, records = 3) {
  names += 1
  const topic = `topic-${names}`
  const group = `group-${names}`
  const made = await call(key, {
    method: 'POST',
    path: '/v1/topics',
    body: { name: topic, partitions },
  })
  expect(made.status, made.text).toBe(201)
  const produce = (values: readonly number[]) =>
    call(key, {
      method: 'POST',
      path: `/v1/topics/${topic}/records`,
      body: {
        records: Array.from({ length: partitions }, (_, partition) =>
          values.map((value) => ({ value, partition })),
        ).flat(),
      },
    })
  await produce(Array.from({ length: records }, (_, index) => index))
  const poll = (memberId: string, body: object = {}): Promise<Answer> =>
    call(key, {
      method: 'POST',
      path: `/v1/groups/${group}/poll`,
      body: { memberId, topics: [topic], ...body },
    })
  return { topic, group, produce, poll }
}

function values({ json }: Answer): unknown[] {
  return json.records.map((record: { value: unknown }) => record.value)
}

describe('a poll', () => {
  it('that is repeated, since its answer was lost, begins at the same offsets', async () => {
    const { poll } = await fixture()
    const first = await poll('m', { maxRecords: 2 })
    expect(values(first)).toEqual([0, 1])
    expect(values(await poll('m', { maxRecords: 2 }))).toEqual([0, 1])
    const ack = { ack: first.json.leaseToken }
    expect(values(await poll('m', ack))).toEqual([2])
    const repeated = await poll('m', ack)
    expect(values(repeated)).toEqual([2])
    expect(repeated.json.alreadyCommitted).toBe(true)
  })

  it('that prefetches goes on and commits nothing', async () => {
    const { poll } = await fixture()
    const first = await poll('m', { maxRecords: 1 })
    const second = await poll('m', { after: first.json.leaseToken, maxRecords: 1 })
    expect(values(second)).toEqual([1])
    expect(values(await poll('m'))).toEqual([0, 1, 2])
    expect(values(await poll('m', { ack: second.json.leaseToken }))).toEqual([2])
  })

  it('that waits answers as soon as there is a record in any partition', async () => {
    const { poll, topic } = await fixture(12, 0)
    const waiting = poll('m', { waitMs: 20_000 })
    const path = `/v1/topics/${topic}/records`
    await call(key, { method: 'POST', path, body: { records: [{ value: 7, partition: 9 }] } })
    expect(values(await waiting)).toEqual([7])
  })

  it('ends at once when another process polls as the same member', async () => {
    const { poll, group } = await fixture(1, 0)
    const older = poll('shared', { waitMs: 30_000 })
    const members = { method: 'GET', path: `/v1/groups/${group}` }
    while ((await call(key, members)).json.members?.[0]?.polling !== true)
      await wait(systemClock, 20)
    await poll('shared')
    const answer = await older
    expect(answer.status, answer.text).toBe(409)
    expect(answer.json).toMatchObject({ code: 'POLL_SUPERSEDED', applied: 'no' })
  })

  it('says why it has no partition', async () => {
    const { poll, group } = await fixture(1)
    await poll('first')
    const second = await poll('second')
    expect(second.json).toMatchObject({
      assignment: [],
      idleReason: 'MORE_MEMBERS_THAN_PARTITIONS',
    })
    const path = `/v1/groups/${group}-2/poll`
    const body = { memberId: 'm', topics: ['not-yet'] }
    const waiting = await call(key, { method: 'POST', path, body })
    expect(waiting.json.idleReason).toBe('NO_MATCHING_TOPIC')
  })

  it('without a committed offset begins where it is told to', async () => {
    const { poll } = await fixture()
    const none = await poll('m', { autoOffsetReset: 'none' })
    expect(none.json.code).toBe('NO_COMMITTED_OFFSET')
    const latest = await poll('m', { autoOffsetReset: 'latest' })
    expect(values(latest)).toEqual([])
    expect(latest.json.resets).toMatchObject([{ reason: 'NO_COMMITTED_OFFSET', to: 3 }])
  })

  it('says that records which it had not processed were deleted', async () => {
    const { poll, topic } = await fixture()
    await poll('m', { ack: (await poll('m', { maxRecords: 1 })).json.leaseToken, maxRecords: 1 })
    const path = `/v1/topics/${topic}/partitions/0/records/delete`
    await call(key, { method: 'POST', path, body: { beforeOffset: 2 } })
    const answer = await poll('m')
    expect(values(answer)).toEqual([2])
    expect(answer.json.resets).toMatchObject([{ reason: 'DELETED', from: 1, to: 2 }])
  })

  it('refuses the token of another member, and one that nobody gave out', async () => {
    const { poll } = await fixture()
    const { leaseToken } = (await poll('m')).json
    for (const ack of [leaseToken.slice(0, -4), 'AQAA', '%']) {
      expect((await poll('m', { ack })).json.code).toBe('INVALID_LEASE_TOKEN')
    }
    expect((await poll('other', { ack: leaseToken })).json.code).toBe('INVALID_LEASE_TOKEN')
  })
})

describe('a partition', () => {
  it('moves to a new member when its owner says that nothing is in work', async () => {
    const { poll } = await fixture(2, 1)
    const owned = await poll('first')
    expect(owned.json.assignment[0].partitions).toHaveLength(2)
    const waiting = await poll('second')
    expect(waiting.json.idleReason).toBe('WAITING_FOR_RELEASE')
    const newcomer = poll('second', { waitMs: 20_000 })
    const acked = await poll('first', { ack: owned.json.leaseToken })
    expect(acked.json.assignment[0].partitions).toHaveLength(1)
    expect(acked.json.revoked[0].partitions).toHaveLength(1)
    const [moved] = acked.json.revoked[0].partitions
    // Whatever was processed is committed: the newcomer waits for what comes.
    expect((await poll('second', { waitMs: 0 })).json.assignment).toMatchObject([
      { partitions: [moved] },
    ])
    expect((await newcomer).json.code).toBe('POLL_SUPERSEDED')
  })

  it('is given away at once by a member that waits with empty hands', async () => {
    const { poll } = await fixture(2, 0)
    const settled = await poll('first', { autoOffsetReset: 'latest' })
    const waiting = poll('first', { ack: settled.json.leaseToken, waitMs: 30_000 })
    let second = await poll('second', { waitMs: 1_000 })
    while (second.json.assignment.length === 0) second = await poll('second', { waitMs: 1_000 })
    const released = await waiting
    expect(released.json.revoked).toEqual(second.json.assignment)
  })

  it('of a member that was busy past its session is handed out again, and its ack refused', async () => {
    const { poll } = await fixture()
    const busy = await poll('busy', { sessionTimeoutMs: 6_000 })
    expect(values(busy)).toEqual([0, 1, 2])
    const next = await poll('next', { waitMs: 30_000 })
    expect(values(next)).toEqual([0, 1, 2])
    const late = await poll('busy', { ack: busy.json.leaseToken })
    expect(late.status, late.text).toBe(409)
    expect(late.json).toMatchObject({ code: 'LEASE_EXPIRED', applied: 'no' })
  }, 40_000)
})

describe('offsets', () => {
  it('are moved only while nobody reads, or when members are fenced', async () => {
    const { poll, group } = await fixture()
    const first = await poll('m')
    await poll('m', { ack: first.json.leaseToken })
    const path = `/v1/groups/${group}/offsets/reset`
    const reset = (body: object) => call(key, { method: 'POST', path, body })
    const moved = { partition: 0, from: 3, to: 0 }
    const dry = await reset({ to: 'earliest', dryRun: true })
    expect(dry.json).toMatchObject({ dryRun: true, partitions: [moved] })
    expect((await reset({ to: 'earliest' })).json.code).toBe('GROUP_NOT_EMPTY')
    const fenced = await reset({ to: 'earliest', fenceMembers: true })
    expect(fenced.json).toMatchObject({ membersFenced: 1, partitions: [moved] })
    expect(values(await poll('m'))).toEqual([0, 1, 2])
  })

  it('tell the lag in records and in time', async () => {
    const { poll, group, produce } = await fixture()
    await poll('m', { ack: (await poll('m', { maxRecords: 1 })).json.leaseToken })
    await produce([3])
    const { json } = await call(key, { method: 'GET', path: `/v1/groups/${group}` })
    expect(json.partitions).toMatchObject([
      { owner: 'm', committedOffset: 1, logEndOffset: 4, lagRecords: 3 },
    ])
    expect(json.lagMs).toBeGreaterThan(0)
  })
})

describe('a stream of a member', () => {
  it('stops at what may be unacknowledged, goes on with a commit, and resumes', async () => {
    const { topic, group } = await fixture(1, 5)
    const path = `/v1/groups/${group}/members/m/stream?topics=${topic}&maxRecords=2`
    const open = (query: string, headers: Record<string, string> = {}) =>
      openLines(`${path}${query}`, headers)
    const stream = await open('&maxUnackedRecords=2')
    const first = await stream.withRecords()
    expect(first.records.map(({ value }) => value)).toEqual([0, 1])
    const commit = { method: 'POST', path: `/v1/groups/${group}/commit` }
    const acked = await call(key, { ...commit, body: { leaseToken: first.leaseToken } })
    expect(acked.json).toEqual({ alreadyCommitted: false })
    const second = await stream.withRecords()
    expect(second.records.map(({ value }) => value)).toEqual([2, 3])
    const resumed = await open('', { 'last-event-id': second.leaseToken })
    expect((await stream.next()).problem).toMatchObject({ code: 'POLL_SUPERSEDED' })
    expect((await resumed.withRecords()).records.map(({ value }) => value)).toEqual([4])
    resumed.close()
    const { json } = await call(key, { method: 'GET', path: `/v1/groups/${group}` })
    expect(json.partitions[0].committedOffset).toBe(2)
  })
})

interface Line {
  readonly records: readonly { readonly value: unknown }[]
  readonly leaseToken: string
  readonly problem?: object
}

async function openLines(path: string, headers: Readonly<Record<string, string>>) {
  const closing = new AbortController()
  const response = await fetch(`${inject('standalone').url}${path}`, {
    headers: { authorization: `Bearer ${key}`, ...headers },
    signal: closing.signal,
  })
  if (response.body === null) throw new Error('a stream has a body')
  const chunks = response.body.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]()
  let text = ''
  const next = async (): Promise<Line> => {
    while (true) {
      const end = text.indexOf('\n')
      if (end > 0) {
        const line = JSON.parse(text.slice(0, end))
        text = text.slice(end + 1)
        return line
      }
      if (end === 0) text = text.slice(1)
      const { value, done } = await chunks.next()
      if (done === true) throw new Error('the stream has ended')
      text += value
    }
  }
  const withRecords = async (): Promise<Line> => {
    while (true) {
      const line = await next()
      if (line.problem !== undefined || line.records.length > 0) return line
    }
  }
  return { next, withRecords, close: () => closing.abort() }
}
