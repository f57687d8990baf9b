/**
 * Goal: programs with the TypeScript client lose, repeat and reorder nothing, whatever the network
 * does.
 */
import { Courant, CourantError, ProduceError } from '@courant/client'
import { beforeAll, expect, inject, test } from 'vitest'
import { newTenant } from './support/api.ts'

let apiKey: string

beforeAll(async () => {
  apiKey = await newTenant('client')
})

function courant(fetch?: (request: Request) => Promise<Response>): Courant {
  const { url } = inject('standalone')
  return new Courant({ url, apiKey, ...(fetch === undefined ? {} : { fetch }) })
}

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = []
  for await (const item of items) all.push(item)
  return all
}

async function everything(topic: string, partition = 0): Promise<string[]> {
  const records = await collect(courant().read({ topic, partition }))
  return records.map(({ text }) => text ?? '')
}

test('records are read as they were written: text, bytes, JSON, headers and tombstones', async () => {
  const client = courant()
  await client.topics.create({ name: 'kinds' })
  const producer = client.producer()
  const bytes = Uint8Array.of(0, 255, 10)
  const sent = await producer.send('kinds', [
    { key: 'a', value: 'text', headers: { type: 'plain', raw: bytes } },
    { key: bytes, value: bytes, timestamp: 1_764_000_000_000 },
    { json: { total: 4200 } },
    { key: 'a', value: null },
  ])
  expect(sent.map(({ offset }) => offset)).toEqual([0, 1, 2, 3])
  const records = await collect(client.read({ topic: 'kinds', partition: 0 }))
  expect(records.map(({ offset }) => offset)).toEqual([0, 1, 2, 3])
  const [text, raw, json, tombstone] = records
  expect(text).toMatchObject({ keyText: 'a', text: 'text' })
  expect(text?.headers.map(({ name, value }) => [name, [...(value ?? [])]])).toEqual([
    ['type', [...Buffer.from('plain')]],
    ['raw', [...bytes]],
  ])
  expect([...(raw?.key ?? [])]).toEqual([...bytes])
  expect([...(raw?.value ?? [])]).toEqual([...bytes])
  expect(raw?.timestamp).toBe(1_764_000_000_000)
  expect(json?.json()).toEqual({ total: 4200 })
  expect(json?.key).toBeNull()
  expect(tombstone?.value).toBeNull()
})

test('many sends at a time keep their order and travel in few requests', async () => {
  let requests = 0
  const client = courant((request) => {
    requests++
    return fetch(request)
  })
  await client.topics.create({ name: 'ordered' })
  const producer = client.producer()
  const values = Array.from({ length: 500 }, (_, index) => String(index))
  await Promise.all(values.map((value) => producer.send('ordered', [{ value }])))
  await producer.close()
  expect(await everything('ordered')).toEqual(values)
  expect(requests).toBeLessThan(20)
})

test('a refusal that left nothing behind is tried again, in order and without duplicates', async () => {
  let refusals = 0
  const busy = {
    type: '/docs/errors#BUSY',
    title: 'busy',
    status: 503,
    detail: 'no room',
    code: 'BUSY',
    retriable: true,
    applied: 'no',
  }
  const client = courant((request) => {
    if (request.method !== 'POST' || !request.url.includes('/records') || refusals++ % 2 === 1) {
      return fetch(request)
    }
    return Promise.resolve(Response.json(busy, { status: 503 }))
  })
  await client.topics.create({ name: 'refused' })
  const producer = client.producer()
  for (const value of ['a', 'b', 'c']) await producer.send('refused', [{ value }])
  expect(await everything('refused')).toEqual(['a', 'b', 'c'])
  expect(refusals).toBe(6)
})

test('records that were refused while others were written go again, and only those', async () => {
  const busy = { code: 'BUSY', detail: 'no room', retriable: true, applied: 'no' }
  const requests: number[] = []
  const client = courant(async (request) => {
    if (request.method !== 'POST' || !request.url.includes('/records')) return fetch(request)
    const { records } = (await request.clone().json()) as { records: object[] }
    requests.push(records.length)
    if (requests.length > 1) return fetch(request)
    const { url, headers } = request
    const body = JSON.stringify({ records: records.slice(0, 1) })
    const answer = await fetch(url, { method: 'POST', headers, body })
    const { results } = (await answer.json()) as { results: object[] }
    const refused = records.slice(1).map(() => ({ partition: 0, offset: null, problem: busy }))
    return Response.json({ results: [...results, ...refused], failed: 2 }, { status: 207 })
  })
  await client.topics.create({ name: 'partly' })
  const messages = ['a', 'b', 'c'].map((value) => ({ value }))
  const written = await client.producer().send('partly', messages)
  expect(written.map(({ offset }) => offset)).toEqual([0, 1, 2])
  expect(await everything('partly')).toEqual(['a', 'b', 'c'])
  expect(requests).toEqual([3, 2])
})

test('a lost answer to a write is told as unknown and never repeated; one to a read is repeated', async () => {
  let lost = 0
  const client = courant(async (request) => {
    const isFirstOfItsKind = request.url.includes('/records') && lost < 2
    const answer = await fetch(request)
    if (!isFirstOfItsKind) return answer
    lost++
    throw new TypeError('fetch failed')
  })
  await client.topics.create({ name: 'lost' })
  const error = await client
    .producer()
    .send('lost', [{ value: 'once' }])
    .catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(ProduceError)
  expect(error).toMatchObject({ code: 'CONNECTION_LOST', applied: 'unknown', retriable: true })
  const records = await collect(client.read({ topic: 'lost', partition: 0 }))
  expect(records.map(({ text }) => text)).toEqual(['once'])
  expect(lost).toBe(2)
})

test('a record that cannot be written is named, and the others are', async () => {
  const client = courant()
  await client.topics.create({ name: 'mixed', partitions: 2 })
  const error = await client
    .producer()
    .send('mixed', [
      { value: 'good', partition: 0 },
      { value: 'x'.repeat(2 * 1024 * 1024), partition: 1 },
    ])
    .catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(ProduceError)
  const { results } = error as ProduceError
  expect(results).toMatchObject([{ partition: 0, offset: 0 }, { code: 'RECORD_TOO_LARGE' }])
})

test('a reader that follows gets what is written later, until it is told to stop', async () => {
  const client = courant()
  await client.topics.create({ name: 'followed' })
  const controller = new AbortController()
  const producer = client.producer()
  const seen: (string | null)[] = []
  const reading = async () => {
    const options = {
      topic: 'followed',
      partition: 0,
      follow: true,
      signal: controller.signal,
    } as const
    for await (const { text } of client.read(options)) {
      seen.push(text)
      if (seen.length < 3) await producer.send('followed', [{ value: String(seen.length) }])
      else controller.abort()
    }
  }
  await producer.send('followed', [{ value: '0' }])
  await expect(reading()).rejects.toThrow('abort')
  expect(seen).toEqual(['0', '1', '2'])
})

test('errors carry what the error table says of them', async () => {
  const client = courant()
  const missing = client.topics.describe('missing')
  await expect(missing).rejects.toBeInstanceOf(CourantError)
  await expect(missing).rejects.toMatchObject({
    code: 'TOPIC_NOT_FOUND',
    status: 404,
    retriable: false,
    applied: 'no',
    requestId: expect.any(String),
  })
  const reading = client.read({ topic: 'kinds', partition: 0, from: { offset: 1_000 } })
  await expect(reading.next()).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE', status: 416 })
  expect(() => new Courant({ url: 'bus.example.com', apiKey })).toThrow(TypeError)
})

test('topics are created, listed page by page, altered and deleted', async () => {
  const client = courant()
  await client.topics.create({ name: 'managed-b' })
  const created = await client.topics.create({ name: 'managed-a', partitions: 2 })
  expect(created).toMatchObject({ name: 'managed-a', partitions: 2 })
  const altered = await client.topics.alter('managed-a', { config: { retentionMs: 86_400_000 } })
  expect(altered.config).toMatchObject({ retentionMs: 86_400_000 })
  const names = async () =>
    (await collect(client.topics.list({ prefix: 'managed-' }))).map(({ name }) => name)
  expect(await names()).toEqual(['managed-a', 'managed-b'])
  await client.topics.delete('managed-a')
  expect(await names()).toEqual(['managed-b'])
})
