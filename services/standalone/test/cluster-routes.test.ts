/**
 * Goal: operators see brokers and partitions as they are, and a request that cannot be carried out
 * says which part of it is why. What moves between brokers is tested with several of them in
 * test/e2e.
 */
import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { type Answer, call, newTenant } from './support/api.ts'

const TENANT = 'seen by operators'
let topicId: string

beforeAll(async () => {
  const key = await newTenant(TENANT)
  const body = { name: 'places', partitions: 5 }
  const made = await call(key, { method: 'POST', path: '/v1/topics', body })
  topicId = made.json.topicId
})

function operator(method: string, path: string, body?: unknown): Promise<Answer> {
  const { operatorKey } = inject('standalone')
  const request = { method, path: `/v1/cluster${path}` }
  return call(operatorKey, body === undefined ? request : { ...request, body })
}

function pointersOf({ json }: Answer): string[] {
  return json.errors.map(({ pointer }: { pointer: string }) => pointer)
}

describe('a broker', () => {
  it('is listed with what it holds, alike in the list and alone', async () => {
    const { json } = await operator('GET', '/brokers')
    const [only] = json.brokers
    expect(only).toMatchObject({ brokerId: 1, state: 'ACTIVE', drain: 'NONE' })
    expect(only.brokerEpoch).toBeGreaterThan(0)
    expect(only.sessionEndsInMs).toBeGreaterThan(0)
    const alone = (await operator('GET', '/brokers/1')).json
    expect(alone.registeredAt).toBe(only.registeredAt)
    expect(alone.replicas).toBeGreaterThanOrEqual(5)
    expect([alone.leaders, alone.preferredLeaders]).toEqual([alone.replicas, alone.replicas])
  })

  it('that is not there is 404 under each of its routes', async () => {
    const requests = [
      operator('GET', '/brokers/99'),
      operator('POST', '/brokers/99/drain'),
      operator('POST', '/brokers/99/undrain'),
      operator('DELETE', '/brokers/99'),
    ]
    for (const { status, json } of await Promise.all(requests)) {
      expect([status, json.code]).toEqual([404, 'BROKER_NOT_FOUND'])
    }
    expect((await operator('GET', '/brokers/one')).status).toBe(400)
  })

  it('is neither drained where nobody can take its replicas, nor removed while it lives', async () => {
    const drained = await operator('POST', '/brokers/1/drain')
    expect([drained.status, drained.json.code]).toEqual([503, 'BROKER_UNAVAILABLE'])
    expect((await operator('GET', '/brokers/1')).json.drain).toBe('NONE')
    expect((await operator('POST', '/brokers/1/undrain')).json.drain).toBe('NONE')
    const removed = await operator('DELETE', '/brokers/1')
    expect([removed.status, removed.json.code]).toEqual([409, 'BROKER_IN_USE'])
  })

  it("is known to the gateway's own copy of the metadata, with the cluster's identity", async () => {
    const { json } = await operator('GET', '')
    expect(json.brokers).toMatchObject([{ brokerId: 1, state: 'ACTIVE' }])
    expect(json.clusterId).toMatch(/^[0-9a-f-]{36}$/)
    expect(json.metadataVersion).toBeGreaterThan(0)
  })
})

describe('partitions', () => {
  it('of a topic are found by its id and by its names, page by page', async () => {
    const named = `/partitions?tenant=${encodeURIComponent(TENANT)}&topic=places&limit=2`
    const seen: number[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const { json } = await operator('GET', `${named}${cursor && `&cursor=${cursor}`}`)
      seen.push(...json.partitions.map(({ partition }: { partition: number }) => partition))
      cursor = json.nextCursor
    }
    expect(seen).toEqual([0, 1, 2, 3, 4])
    const { json } = await operator('GET', `/partitions?topicId=${topicId}&brokerId=1`)
    expect(json.partitions[4]).toMatchObject({
      topicId,
      topic: 'places',
      tenant: TENANT,
      partition: 4,
      states: [],
      leader: 1,
      replicas: [1],
      inSyncReplicas: [1],
      minInsyncReplicas: 1,
      lastUncleanLeaderEpoch: null,
    })
  })

  it('with nothing wrong are in no list of what is wrong', async () => {
    const states = ['UNDER_REPLICATED', 'BELOW_MIN_INSYNC', 'LEADERLESS', 'REASSIGNING']
    for (const state of states) {
      const { json } = await operator('GET', `/partitions?topicId=${topicId}&state=${state}`)
      expect(json).toEqual({ partitions: [], nextCursor: null })
    }
    const elsewhere = await operator('GET', `/partitions?topicId=${topicId}&brokerId=2`)
    expect(elsewhere.json.partitions).toEqual([])
  })

  it('are not looked for by what means nothing', async () => {
    const pointerTo = async (query: string) =>
      pointersOf(await operator('GET', `/partitions?${query}`))
    expect(await pointerTo('topic=places')).toEqual(['?tenant'])
    expect(await pointerTo(`tenant=a&topic=b&topicId=${topicId}`)).toEqual(['?topicId'])
    expect(await pointerTo('topicId=places')).toEqual(['?topicId'])
    expect(await pointerTo('state=broken')).toEqual(['?state'])
    expect(await pointerTo('cursor=bm9uZQ')).toEqual(['?cursor'])
    const missing = await operator('GET', '/partitions?tenant=nobody&topic=places')
    expect([missing.status, missing.json.code]).toEqual([404, 'TENANT_NOT_FOUND'])
  })
})

describe('reassignments', () => {
  it('are taken one by one: those that can be, beside those that cannot', async () => {
    const reassignments = [
      { topicId, partition: 0, replicas: [1] },
      { topicId, partition: 1, replicas: [2] },
      { topicId: randomUUID(), partition: 0, replicas: [1] },
    ]
    const { status, json } = await operator('POST', '/reassignments', { reassignments })
    expect(status).toBe(207)
    expect(json).toMatchObject({
      failed: 2,
      results: [
        { topicId, partition: 0, replicas: [1], addingReplicas: [], removingReplicas: [] },
        { partition: 1, problem: { code: 'INVALID_REPLICA_ASSIGNMENT', status: 400 } },
        { problem: { code: 'PARTITION_NOT_FOUND', status: 404 } },
      ],
    })
    expect((await operator('GET', '/reassignments')).json).toEqual({
      reassignments: [],
      nextCursor: null,
    })
  })

  it('that are all refused say why of each', async () => {
    const partitions = [
      { topicId, partition: 0 },
      { topicId, partition: 77 },
    ]
    const answer = await operator('POST', '/reassignments/cancel', { partitions })
    expect([answer.status, answer.json.code]).toEqual([409, 'NO_REASSIGNMENT_IN_PROGRESS'])
    expect(pointersOf(answer)).toEqual(['/partitions/0', '/partitions/1'])
    const misspelt = { reassignments: [{ topicId: 'places', partition: 0, replicas: [1] }] }
    expect(pointersOf(await operator('POST', '/reassignments', misspelt))).toEqual([
      '/reassignments/0/topicId',
    ])
  })

  it('are throttled by what was set last', async () => {
    const path = '/reassignments/throttle'
    for (const bytesPerSecond of [1_048_576, null]) {
      expect((await operator('PATCH', path, { bytesPerSecond })).json).toEqual({ bytesPerSecond })
      expect((await operator('GET', path)).json).toEqual({ bytesPerSecond })
    }
    expect((await operator('PATCH', path, { bytesPerSecond: 0 })).status).toBe(400)
  })
})

describe('elections', () => {
  it('of preferred leaders move nothing that is where it belongs', async () => {
    for (const body of [{}, { topicIds: [topicId] }]) {
      expect((await operator('POST', '/elections/preferred', body)).json).toEqual({ elected: 0 })
    }
  })

  it('that may lose records need a word on that, and a partition without another way', async () => {
    const election = { topicId, partition: 0, brokerId: 1 }
    const silent = await operator('POST', '/elections/unclean', election)
    expect([silent.status, pointersOf(silent)]).toEqual([400, ['/acceptDataLoss']])
    for (const acceptDataLoss of [false, true]) {
      const body = { ...election, acceptDataLoss }
      const { status, json } = await operator('POST', '/elections/unclean', body)
      expect([status, json.code]).toEqual([409, 'ELECTION_NOT_NEEDED'])
    }
  })
})

describe('a restore', () => {
  it('needs a word on what is lost, and changes nothing where nothing went back', async () => {
    const silent = await operator('POST', '/restore', {})
    expect([silent.status, pointersOf(silent)]).toEqual([400, ['/acceptDataLoss']])
    for (const acceptDataLoss of [false, true]) {
      const { status, json } = await operator('POST', '/restore', { acceptDataLoss })
      expect(status).toBe(200)
      expect(json).toMatchObject({ wentBack: false, restored: false, silentBrokers: [] })
      expect(json).toMatchObject({ partitionsBehind: 0, findings: [], unknownTopics: [] })
      expect(json.partitions).toBeGreaterThanOrEqual(5)
    }
  })
})
