/**
 * Goal: no route shows one tenant anything of another, not even that it exists.
 * Method: the gateway's own route table against everything real. A route of a tenant needs a case
 * below; a new route without one fails here before it can leak.
 */
import { allRoutes, type RouteDescription } from '@courant/gateway'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { type Answer, type Call, call, newTenant } from './support/api.ts'

/**
 * A request for the resource of that name (or key id) that succeeds where it is the caller's own.
 */
type Case = (name: string) => Call

const RESOURCES: Readonly<Record<string, Case>> = {
  produceRecords: (topic) => ({
    method: 'POST',
    path: `/v1/topics/${topic}/records`,
    body: { records: [{ value: 1 }] },
  }),
  fetchRecords: (topic) => ({
    method: 'GET',
    path: `/v1/topics/${topic}/partitions/0/records?from=earliest`,
  }),
  listOffsets: (topic) => ({ method: 'GET', path: `/v1/topics/${topic}/offsets` }),
  describeTopic: (topic) => ({ method: 'GET', path: `/v1/topics/${topic}` }),
  listHeaviestKeys: (topic) => ({
    method: 'GET',
    path: `/v1/topics/${topic}/partitions/0/keys`,
  }),
  alterTopic: (topic) => ({
    method: 'PATCH',
    path: `/v1/topics/${topic}`,
    body: { config: { retentionMs: 3_600_000 } },
  }),
  addPartitions: (topic) => ({
    method: 'POST',
    path: `/v1/topics/${topic}/partitions`,
    body: { partitions: 2 },
  }),
  deleteRecords: (topic) => ({
    method: 'POST',
    path: `/v1/topics/${topic}/partitions/0/records/delete`,
    body: { beforeOffset: 0 },
  }),
  deleteTopic: (topic) => ({ method: 'DELETE', path: `/v1/topics/${topic}` }),
  revokeApiKey: (keyId) => ({ method: 'DELETE', path: `/v1/api-keys/${keyId}` }),
}

/** The same by the name of a group. What needs a token is refused alike, whosever the group is. */
const GROUPS: Readonly<Record<string, Case>> = {
  pollGroup: (group) => ({
    method: 'POST',
    path: `/v1/groups/${group}/poll`,
    body: { memberId: 'prober', topics: ['own-topic-abc'] },
  }),
  commitGroup: (group) => ({
    method: 'POST',
    path: `/v1/groups/${group}/commit`,
    body: { leaseToken: own.leaseToken },
  }),
  heartbeatMember: (group) => ({
    method: 'POST',
    path: `/v1/groups/${group}/members/member-1/heartbeat`,
    body: { leaseToken: own.leaseToken },
  }),
  // Refused at once, for a stream that is served has no end.
  streamMember: (group) => ({
    method: 'GET',
    path: `/v1/groups/${group}/members/prober/stream?topics=x&after=${own.leaseToken}`,
  }),
  describeGroup: (group) => ({ method: 'GET', path: `/v1/groups/${group}` }),
  explainGroup: (group) => ({ method: 'GET', path: `/v1/groups/${group}/explain` }),
  resetGroupOffsets: (group) => ({
    method: 'POST',
    path: `/v1/groups/${group}/offsets/reset`,
    body: { to: 'earliest', fenceMembers: true },
  }),
  deleteGroup: (group) => ({ method: 'DELETE', path: `/v1/groups/${group}` }),
  leaveGroup: (group) => ({ method: 'DELETE', path: `/v1/groups/${group}/members/member-1` }),
}

/** What a list holds of its own tenant, and where. */
const LISTS: Readonly<Record<string, { path: string; own(of: Fixture): string }>> = {
  listTopics: { path: '/v1/topics', own: ({ topic }) => topic },
  listApiKeys: { path: '/v1/api-keys', own: ({ keyId }) => keyId },
  listGroups: { path: '/v1/groups', own: ({ group }) => group },
}

/** Creates the same in both tenants, and what tells the two apart. */
const CREATES: Readonly<Record<string, { request: Call; idOf(answer: Answer): string }>> = {
  createTopic: {
    request: { method: 'POST', path: '/v1/topics', body: { name: 'the-same-name' } },
    idOf: ({ json }) => json.topicId,
  },
  createApiKey: {
    request: { method: 'POST', path: '/v1/api-keys', body: { name: 'the same name' } },
    idOf: ({ json }) => json.keyId,
  },
}

interface Fixture {
  readonly key: string
  readonly topic: string
  readonly keyId: string
  readonly group: string
  /** Of its member `member-1`. */
  readonly leaseToken: string
}

const MISSING = { topic: 'missing-topic', apiKey: 'Missing0Missing0', group: 'missing-group' }
let own: Fixture
let foreign: Fixture

beforeAll(async () => {
  own = await fixture('isolation-own', 'own-topic-abc', 'own-group-abc')
  // Of equal length to the missing one's, so that nothing but its name may tell the answers apart.
  foreign = await fixture('isolation-foreign', 'foreign-topic', 'foreign-group')
})

async function fixture(tenant: string, topic: string, group = 'a-group'): Promise<Fixture> {
  const key = await newTenant(tenant)
  const made = await call(key, { method: 'POST', path: '/v1/topics', body: { name: topic } })
  expect(made.status, made.text).toBe(201)
  const other = await call(key, { method: 'POST', path: '/v1/api-keys', body: { name: 'x' } })
  expect(other.status, other.text).toBe(201)
  const polled = await call(key, {
    method: 'POST',
    path: `/v1/groups/${group}/poll`,
    body: { memberId: 'member-1', topics: [topic] },
  })
  expect(polled.status, polled.text).toBe(200)
  return { key, topic, keyId: other.json.keyId, group, leaseToken: polled.json.leaseToken }
}

/** The request of a route for a resource of that name. A route without a case fails here. */
function requestFor(operationId: string, name: string): Call {
  const make = RESOURCES[operationId] ?? GROUPS[operationId]
  if (make === undefined) throw new Error(`${operationId} has no case in this test`)
  return make(name)
}

function routesOf(...isolation: readonly RouteDescription['isolation'][]): RouteDescription[] {
  return allRoutes.filter((route) => isolation.includes(route.isolation))
}

/**
 * Everything an answer says, with the name that was asked for and what differs by request blanked.
 */
function essence({ status, headers, text }: Answer, name: string): unknown {
  const kept = [...headers].filter(([header]) => !/^(date|request-id|keep-alive)$/.test(header))
  const body = text
    .replaceAll(name, '<name>')
    .replace(/"(requestId|leaseToken)":"[^"]*"/g, '')
    .replace(/"leaseExpiresAt":\d+/, '')
  return { status, headers: kept, body }
}

describe('a resource in the path', () => {
  it.each(routesOf('topic', 'apiKey'))(
    '$operationId: the foreign and the missing are the same 404',
    async ({ operationId, isolation }) => {
      const [theirs, missing] =
        isolation === 'topic' ? [foreign.topic, MISSING.topic] : [foreign.keyId, MISSING.apiKey]
      const ofForeign = await call(own.key, requestFor(operationId, theirs))
      const ofMissing = await call(own.key, requestFor(operationId, missing))
      expect(ofForeign.status, ofForeign.text).toBe(404)
      expect(essence(ofForeign, theirs)).toEqual(essence(ofMissing, missing))
    },
  )

  it.each(routesOf('topic', 'apiKey'))('$operationId: the own is served', async (route) => {
    const { operationId, isolation, method } = route
    const isDestroyed = method === 'DELETE'
    const mine = isDestroyed ? await fixture(`isolation-${operationId}`, 'doomed-topic') : own
    const name = isolation === 'topic' ? mine.topic : mine.keyId
    const answer = await call(mine.key, requestFor(operationId, name))
    expect(answer.status, answer.text).toBeLessThan(300)
  })

  it('the foreign is untouched by all that', async () => {
    const topic = await call(foreign.key, requestFor('describeTopic', foreign.topic))
    expect(topic.json).toMatchObject({ partitions: 1, config: { retentionMs: 604_800_000 } })
    const records = await call(foreign.key, requestFor('fetchRecords', foreign.topic))
    expect(records.json.records).toEqual([])
    const keys = await call(foreign.key, { method: 'GET', path: '/v1/api-keys' })
    expect(keys.text).toContain(foreign.keyId)
  })
})

describe('a group', () => {
  it.each(routesOf('group'))(
    '$operationId: the foreign and the missing are alike',
    async (route) => {
      const { operationId } = route
      const ofForeign = await call(own.key, requestFor(operationId, foreign.group))
      const ofMissing = await call(own.key, requestFor(operationId, MISSING.group))
      expect(essence(ofForeign, foreign.group)).toEqual(essence(ofMissing, MISSING.group))
      for (const group of [foreign.group, MISSING.group]) {
        await call(own.key, { method: 'DELETE', path: `/v1/groups/${group}/members/prober` })
        await call(own.key, { method: 'DELETE', path: `/v1/groups/${group}` })
      }
    },
  )

  it('that is foreign keeps its member and its positions through all that', async () => {
    const beat = requestFor('heartbeatMember', foreign.group)
    const answer = await call(foreign.key, { ...beat, body: { leaseToken: foreign.leaseToken } })
    expect(answer.status, answer.text).toBe(200)
    const withTheirs = { ...beat, body: { leaseToken: foreign.leaseToken } }
    const stolen = await call(own.key, withTheirs)
    expect(stolen.json.code, stolen.text).toBe('INVALID_LEASE_TOKEN')
  })
})

describe('a list', () => {
  it.each(routesOf('list'))('$operationId holds the own and nothing of others', async (route) => {
    const list = LISTS[route.operationId]
    if (list === undefined) throw new Error(`${route.operationId} has no case in this test`)
    const { status, text } = await call(own.key, { method: 'GET', path: list.path })
    expect(status, text).toBe(200)
    expect(text).toContain(list.own(own))
    expect(text).not.toContain(list.own(foreign))
    const sought = { method: 'GET', path: `${list.path}?prefix=foreign` }
    expect((await call(own.key, sought)).text).not.toContain(list.own(foreign))
  })
})

describe('a name', () => {
  it.each(routesOf('create'))('$operationId: two tenants may use the same one', async (route) => {
    const create = CREATES[route.operationId]
    if (create === undefined) throw new Error(`${route.operationId} has no case in this test`)
    const [mine, theirs] = [
      await call(own.key, create.request),
      await call(foreign.key, create.request),
    ]
    expect([mine.status, theirs.status]).toEqual([201, 201])
    expect(create.idOf(mine)).not.toBe(create.idOf(theirs))
  })
})

describe('a credential', () => {
  const guarded = allRoutes.filter((route) => route.access !== 'public')
  const request = ({ method, path, body }: RouteDescription): Call => {
    const filled = path.replaceAll(/\{(\w+)\}/g, (_, name) => (name === 'partition' ? '0' : 'any'))
    const [content] = Object.values(body ?? {})
    return { method, path: filled, ...(content === undefined ? {} : { body: content.example }) }
  }

  it.each(guarded)('$operationId needs one', async (route) => {
    const answer = await call(null, request(route))
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toMatch(/Bearer/)
  })

  it.each(guarded)('$operationId refuses the other kind', async (route) => {
    const { operatorKey, apiKey } = inject('standalone')
    const answer = await call(route.access === 'operator' ? apiKey : operatorKey, request(route))
    expect(answer.status, answer.text).toBe(403)
    expect(answer.json.code).toBe('PERMISSION_DENIED')
  })
})
