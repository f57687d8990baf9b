/** Goal: management works through everything real, and what was created can be used at once. */
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { type Answer, call, newTenant } from './support/api.ts'

let key: string

beforeAll(async () => {
  key = await newTenant('management')
})

function as(method: string, path: string, body?: unknown): Promise<Answer> {
  return call(key, { method, path, ...(body === undefined ? {} : { body }) })
}

describe('topics', () => {
  it('are created once, however often one asks, and differ loudly', async () => {
    const topic = { name: 'created', partitions: 3 }
    const first = await as('POST', '/v1/topics', topic)
    expect(first.status, first.text).toBe(201)
    expect(first.headers.get('location')).toBe('/v1/topics/created')
    const again = await as('POST', '/v1/topics', topic)
    expect(again.status).toBe(200)
    expect(again.json.topicId).toBe(first.json.topicId)
    const other = await as('POST', '/v1/topics', { ...topic, partitions: 4 })
    expect(other.status).toBe(409)
    expect(other.json.code).toBe('TOPIC_ALREADY_EXISTS')
  })

  it('take records the moment they are created, in every partition', async () => {
    await as('POST', '/v1/topics', { name: 'at-once', partitions: 12 })
    const records = Array.from({ length: 12 }, (_, partition) => ({ value: partition, partition }))
    const produced = await as('POST', '/v1/topics/at-once/records', { records })
    expect(produced.status, produced.text).toBe(200)
    expect(produced.json.failed).toBe(0)
    for (const partition of [0, 5, 11]) {
      const path = `/v1/topics/at-once/partitions/${partition}/records?from=earliest`
      const { json } = await as('GET', path)
      expect(json.records).toMatchObject([{ offset: 0, value: partition }])
    }
  })

  it('are altered, return to defaults, and grow', async () => {
    await as('POST', '/v1/topics', { name: 'altered', config: { retentionMs: 86_400_000 } })
    const changed = await as('PATCH', '/v1/topics/altered', {
      config: { retentionMs: null, retentionBytes: 1_000_000 },
    })
    expect(changed.status, changed.text).toBe(200)
    const grown = await as('POST', '/v1/topics/altered/partitions', { partitions: 4 })
    expect(grown.status, grown.text).toBe(200)
    const { json } = await as('GET', '/v1/topics/altered')
    expect(json).toMatchObject({
      partitions: 4,
      config: { retentionMs: 604_800_000, retentionBytes: 1_000_000 },
      configDetails: { retentionMs: { source: 'default' }, retentionBytes: { source: 'topic' } },
    })
    const record = { records: [{ value: 'in the new one', partition: 3 }] }
    expect((await as('POST', '/v1/topics/altered/records', record)).status).toBe(200)
    const shrunk = await as('POST', '/v1/topics/altered/partitions', { partitions: 2 })
    expect(shrunk.status).toBe(400)
  })

  it('are listed by pages without a gap', async () => {
    for (const name of ['page-a', 'page-b', 'page-c']) await as('POST', '/v1/topics', { name })
    const names: string[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const next: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`
      const { json } = await as('GET', `/v1/topics?limit=2&prefix=page-${next}`)
      names.push(...json.topics.map((topic: { name: string }) => topic.name))
      cursor = json.nextCursor
    }
    expect(names).toEqual(['page-a', 'page-b', 'page-c'])
  })

  it('are gone when deleted, and a new one of the name begins empty', async () => {
    await as('POST', '/v1/topics', { name: 'reborn' })
    await as('POST', '/v1/topics/reborn/records', { records: [{ value: 'old' }] })
    expect((await as('DELETE', '/v1/topics/reborn')).status).toBe(204)
    expect((await as('GET', '/v1/topics/reborn')).status).toBe(404)
    expect((await as('POST', '/v1/topics', { name: 'reborn' })).status).toBe(201)
    const { json } = await as('GET', '/v1/topics/reborn/partitions/0/records?from=earliest')
    expect(json).toMatchObject({ records: [], highWatermark: 0 })
  })
})

describe('records', () => {
  it('are deleted up to an offset, and what lies before it is out of range', async () => {
    await as('POST', '/v1/topics', { name: 'trimmed' })
    const records = [1, 2, 3].map((value) => ({ value }))
    await as('POST', '/v1/topics/trimmed/records', { records })
    const path = '/v1/topics/trimmed/partitions/0/records'
    const deleted = await as('POST', `${path}/delete`, { beforeOffset: 2 })
    expect(deleted.status, deleted.text).toBe(200)
    const rest = await as('GET', `${path}?from=earliest`)
    expect(rest.json).toMatchObject({ logStartOffset: 2, records: [{ offset: 2, value: 3 }] })
    const gone = await as('GET', `${path}?offset=0`)
    expect(gone.status).toBe(416)
    expect(gone.json.code).toBe('OFFSET_OUT_OF_RANGE')
  })

  it('are read as soon as they are acknowledged, by a reader that waits', async () => {
    await as('POST', '/v1/topics', { name: 'awaited' })
    const path = '/v1/topics/awaited/partitions/0/records?offset=0&waitMs=20000'
    const reading = as('GET', path)
    await as('POST', '/v1/topics/awaited/records', { records: [{ key: 'k', value: { n: 1 } }] })
    expect((await reading).json.records).toMatchObject([{ key: 'k', value: { n: 1 } }])
  })
})

describe('API keys', () => {
  it('open their tenant the moment they are made, and nothing once revoked', async () => {
    const made = await as('POST', '/v1/api-keys', { name: 'short-lived' })
    expect(made.status, made.text).toBe(201)
    const { keyId, apiKey } = made.json
    const listing = { method: 'GET', path: '/v1/topics' }
    expect((await call(apiKey, listing)).status).toBe(200)
    const listed = await as('GET', '/v1/api-keys?prefix=short')
    expect(listed.json.apiKeys).toMatchObject([{ keyId, name: 'short-lived' }])
    expect(listed.text).not.toContain(apiKey)
    expect((await as('DELETE', `/v1/api-keys/${keyId}`)).status).toBe(204)
    expect((await call(apiKey, listing)).status).toBe(401)
    const wrongSecret = `${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`
    expect((await call(wrongSecret, listing)).status).toBe(401)
  })
})

describe('tenants', () => {
  it('are made by operators, with a key that is shown once', async () => {
    const { operatorKey } = inject('standalone')
    const create = { method: 'POST', path: '/v1/tenants', body: { name: 'made-once' } }
    const first = await call(operatorKey, create)
    expect(first.status, first.text).toBe(201)
    expect((await call(first.json.apiKey, { method: 'GET', path: '/v1/topics' })).status).toBe(200)
    const again = await call(operatorKey, create)
    expect(again.status).toBe(200)
    expect(again.text).not.toContain('crt_')
    const list = await call(operatorKey, { method: 'GET', path: '/v1/tenants?prefix=made' })
    expect(list.json.tenants).toMatchObject([{ name: 'made-once' }])
  })
})
