/**
 * Goal: each outcome of a produce, as a caller sees it over HTTP, with a broker behind a socket.
 */
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { limits } from '@courant/kernel'
import { RecordBatch } from '@courant/record-batch'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { readRecords } from './read-records.ts'
import {
  type RecordsGateway,
  startRecordsGateway,
  strangerKey,
  topicEntries,
  topicId,
} from './records-gateway.ts'
import { until } from './until.ts'

let gateway: RecordsGateway

beforeAll(async () => {
  gateway = await startRecordsGateway()
})
afterEach(() => gateway.broker.speak())
afterAll(() => gateway.stop())

const JSON_HEADERS = { 'content-type': 'application/json' }
const encodings = [
  ['gzip', gzipSync],
  ['zstd', zstdCompressSync],
] as const

function produce(
  body: NonNullable<RequestInit['body']>,
  headers: Record<string, string> = JSON_HEADERS,
  query = '',
) {
  return gateway.request(`/v1/topics/orders/records${query}`, { method: 'POST', headers, body })
}

interface Answer {
  readonly results: { partition: number; offset: number | null; problem?: { code: string } }[]
  readonly failed: number
}

async function answerOf(response: Response): Promise<Answer> {
  return (await response.json()) as Answer
}

async function problemOf(response: Response) {
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  return (await response.json()) as {
    code: string
    applied: string
    retriable: boolean
    detail: string
    errors?: { pointer: string }[]
    failed?: number
  }
}

/** The newest record of a partition. */
function lastRecord(partition: number) {
  const batch = gateway.broker.log(topicId, partition).batches.at(-1)
  return batch === undefined ? undefined : readRecords(new RecordBatch(batch)).at(-1)
}

/** How many records the broker has. */
function storedCount(): number {
  return [0, 1, 2].reduce((sum, index) => sum + gateway.broker.log(topicId, index).end, 0)
}

describe('JSON', () => {
  it('answers 200 with a result a record, in the order sent', async () => {
    const records = [
      { key: 'cust-9', value: { total: 1 } },
      { partition: 2, value: 2 },
      { key: 'cust-9', value: 3 },
    ]
    const response = await produce(JSON.stringify({ records }))
    expect(response.status).toBe(200)
    const { results, failed } = await answerOf(response)
    expect(failed).toBe(0)
    expect(results.map(({ partition }) => partition)).toEqual([1, 2, 1])
    expect(results[2]?.offset).toBe(Number(results[0]?.offset) + 1)
  })

  it('stores the bytes of the value as they were sent', async () => {
    const value = '{"id": 12345678901234567890, "x":1.0,"x":"\\u00e9"}'
    await produce(`{"records":[{"partition":0,"value":${value},"headers":{"a":"b"}}]}`)
    expect(lastRecord(0)?.value?.toString()).toBe(value)
    expect(lastRecord(0)?.headers).toEqual([{ name: 'a', value: Buffer.from('b') }])
  })

  it('answers 202 with unknown offsets for acks=none, and writes', async () => {
    const before = storedCount()
    const response = await produce('{"records":[{"value":1}]}', JSON_HEADERS, '?acks=none')
    expect(response.status).toBe(202)
    expect((await answerOf(response)).results[0]?.offset).toBeNull()
    await until(() => storedCount() === before + 1)
  })

  it('passes acks on to the broker', async () => {
    await produce('{"records":[{"value":1}]}', JSON_HEADERS, '?acks=leader')
    expect(gateway.broker.received.at(-1)?.acks).toBe(1)
    await produce('{"records":[{"value":1}]}')
    expect(gateway.broker.received.at(-1)?.acks).toBe(-1)
  })

  it('refuses a body whole when one record is wrong, with a pointer to it', async () => {
    const before = storedCount()
    const response = await produce('{"records":[{"value":1},{"value":2,"kye":"a"}]}')
    expect(response.status).toBe(400)
    const problem = await problemOf(response)
    expect(problem.errors?.[0]?.pointer).toBe('/records/1/kye')
    expect(problem.applied).toBe('no')
    expect(storedCount()).toBe(before)
  })

  it.each(encodings)(
    'takes a %s body, and stops a bomb at the limit',
    async (encoding, compress) => {
      const headers = { ...JSON_HEADERS, 'content-encoding': encoding }
      const small = await produce(Buffer.from(compress('{"records":[{"value":1}]}')), headers)
      expect(small.status).toBe(200)
      const bomb = compress(Buffer.alloc(limits.bodyBytesMax + 1, ' '))
      const large = await produce(Buffer.from(bomb), headers)
      expect(large.status).toBe(413)
      expect((await problemOf(large)).code).toBe('PAYLOAD_TOO_LARGE')
    },
  )

  it.each(encodings)('refuses bytes behind the end of %s', async (encoding, compress) => {
    const before = storedCount()
    const body = Buffer.concat([compress('{"records":[{"value":1}]}'), Buffer.alloc(8)])
    const response = await produce(body, { ...JSON_HEADERS, 'content-encoding': encoding })
    expect(response.status).toBe(400)
    expect((await problemOf(response)).detail).toContain('Content-Encoding')
    expect(storedCount()).toBe(before)
  })

  it.each([
    ['?acks=some', '?acks'],
    ['?timeoutMs=0', '?timeoutMs'],
    ['?key=a', '?key'],
    ['?onError=stop', '?onError'],
    ['?nonsense=1', '?nonsense'],
  ])('refuses the query %s', async (query, pointer) => {
    const response = await produce('{"records":[{"value":1}]}', JSON_HEADERS, query)
    expect(response.status).toBe(400)
    expect((await problemOf(response)).errors?.[0]?.pointer).toBe(pointer)
  })

  it.each(['Idempotency-Key', 'Producer-Id', 'Producer-Epoch', 'Producer-Sequence'])(
    'answers 501 to %s instead of ignoring it',
    async (name) => {
      const before = storedCount()
      const response = await produce('{"records":[{"value":1}]}', { ...JSON_HEADERS, [name]: '1' })
      expect(response.status).toBe(501)
      expect(await problemOf(response)).toMatchObject({ code: 'NOT_IMPLEMENTED', applied: 'no' })
      expect(storedCount()).toBe(before)
    },
  )

  it('refuses a record beyond maxMessageBytes with its size, before anything is written', async () => {
    const entries = topicEntries(3, { 'max.message.bytes': '2048' })
    const [key, value] = entries[0] ?? ['', undefined]
    gateway.apply([value], [key])
    const large = { value: 'x'.repeat(3000) }
    const response = await produce(JSON.stringify({ records: [{ value: 1 }, large] }))
    expect(response.status).toBe(413)
    const problem = await problemOf(response)
    expect(problem.code).toBe('RECORD_TOO_LARGE')
    expect(problem.errors?.[0]?.pointer).toBe('/records/1')
    const [original] = topicEntries(3, {})
    gateway.apply([original?.[1]], [key])
  })

  it('answers 401 without a key, and 404 to another tenant, as for a topic that is not there', async () => {
    const anonymous = await fetch(`${gateway.url}/v1/topics/orders/records`, { method: 'POST' })
    expect(anonymous.status).toBe(401)
    const options = { method: 'POST', headers: JSON_HEADERS, body: '{}', key: strangerKey }
    const foreign = await gateway.request('/v1/topics/orders/records', options)
    const missing = await gateway.request('/v1/topics/nothing/records', options)
    expect([foreign.status, missing.status]).toEqual([404, 404])
    expect((await problemOf(foreign)).detail).toContain('POST /v1/topics')
  })
})

/** Until the gateway has noticed that the broker is gone; before, it may have sent something. */
async function untilGone(): Promise<void> {
  await until(async () => {
    const response = await produce('{"records":[{"value":1}]}', JSON_HEADERS, '?timeoutMs=20')
    return response.status === 503
  })
}

describe('failures of the broker', () => {
  const THROTTLING_QUOTA_EXCEEDED = 89
  const UNKNOWN_SERVER_ERROR = -1

  it('answers the problem when every record failed', async () => {
    gateway.broker.mood = {
      error: THROTTLING_QUOTA_EXCEEDED,
      message: 'STORAGE_FULL: The disk is full.',
    }
    const response = await produce('{"records":[{"value":1},{"value":2}]}')
    expect(response.status).toBe(507)
    expect(await problemOf(response)).toMatchObject({ code: 'STORAGE_FULL', applied: 'no' })
  })

  it('answers 207 when some failed, and 502 with the same results if asked to', async () => {
    gateway.broker.failPartition(1, UNKNOWN_SERVER_ERROR)
    const body = '{"records":[{"partition":0,"value":1},{"partition":1,"value":2}]}'
    const mixed = await produce(body)
    expect(mixed.status).toBe(207)
    const { results, failed } = await answerOf(mixed)
    expect(failed).toBe(1)
    expect(results[0]?.offset).toBeTypeOf('number')
    expect([results[1]?.offset, results[1]?.problem?.code]).toEqual([null, 'INTERNAL'])
    const strict = await produce(body, JSON_HEADERS, '?onPartial=error')
    expect(strict.status).toBe(502)
    expect(await problemOf(strict)).toMatchObject({
      code: 'PARTIAL_PRODUCE',
      applied: 'unknown',
      failed: 1,
    })
    gateway.broker.failPartition(1, null)
  })

  it('says that the outcome is unknown when the broker does not answer in time', async () => {
    gateway.broker.mood = 'silent'
    const response = await produce('{"records":[{"value":1}]}', JSON_HEADERS, '?timeoutMs=60')
    expect(response.status).toBe(504)
    expect(await problemOf(response)).toMatchObject({ code: 'TIMED_OUT', applied: 'unknown' })
  })

  it('waits for a broker that comes back within the time', async () => {
    const { address } = gateway.broker
    await gateway.broker.stop()
    await untilGone()
    const response = produce('{"records":[{"value":"patient"}]}', JSON_HEADERS, '?timeoutMs=20000')
    await new Promise((resolve) => setImmediate(resolve))
    await gateway.broker.listen(address)
    expect((await response).status).toBe(200)
  })

  it('gives up with applied no when nothing was sent in time', async () => {
    const { address } = gateway.broker
    await gateway.broker.stop()
    await untilGone()
    const response = await produce('{"records":[{"value":1}]}', JSON_HEADERS, '?timeoutMs=100')
    expect(response.status).toBe(503)
    expect(await problemOf(response)).toMatchObject({
      code: 'BROKER_UNAVAILABLE',
      applied: 'no',
      retriable: true,
    })
    expect(response.headers.get('retry-after')).toBe('1')
    await gateway.broker.listen(address)
  })
})

describe('other bodies', () => {
  it('takes any other content type as one value, with key, partition and the type as a header', async () => {
    const response = await produce('a,b', { 'content-type': 'text/csv' }, '?key=k&partition=1')
    expect(response.status).toBe(200)
    expect(lastRecord(1)).toMatchObject({
      key: Buffer.from('k'),
      value: Buffer.from('a,b'),
      headers: [{ name: 'content-type', value: Buffer.from('text/csv') }],
    })
    const outside = await produce('a', { 'content-type': 'text/csv' }, '?partition=3')
    expect((await problemOf(outside)).errors?.[0]?.pointer).toBe('?partition')
  })

  it('takes an empty body as an empty value, not as a tombstone', async () => {
    await produce('', { 'content-type': 'application/octet-stream' }, '?partition=1')
    expect(lastRecord(1)?.value).toEqual(Buffer.alloc(0))
  })

  const event = { specversion: '1.0', id: 'a b', source: '/s', type: 't', partitionkey: 'cust-9' }

  it('takes a binary CloudEvent', async () => {
    const attributes = Object.entries(event).map(([name, value]) => [
      `ce-${name}`,
      encodeURIComponent(value),
    ])
    const headers = { ...JSON_HEADERS, ...Object.fromEntries(attributes) }
    expect((await produce('{"a":1.0}', headers)).status).toBe(200)
    const record = lastRecord(1)
    expect([`${record?.key}`, `${record?.value}`]).toEqual(['cust-9', '{"a":1.0}'])
    expect(record?.headers).toContainEqual({ name: 'ce_id', value: Buffer.from('a b') })
    expect(record?.headers).toContainEqual({
      name: 'content-type',
      value: Buffer.from('application/json'),
    })
  })

  it.each([
    ['{"data": {"a": 1.0 }}', '{"a": 1.0 }', 'application/json'],
    ['{"datacontenttype":"text/plain","data":"a\\u00e9"}', 'aé', 'text/plain'],
    ['{"datacontenttype":"x/y","data_base64":"YWI="}', 'ab', 'x/y'],
  ])('takes a structured CloudEvent with %s', async (data, value, contentType) => {
    const attributes = JSON.stringify(event)
    const body = `${attributes.slice(0, -1)},${data.slice(1)}`
    const headers = { 'content-type': 'application/cloudevents+json; charset=UTF-8' }
    expect((await produce(body, headers)).status).toBe(200)
    const record = lastRecord(1)
    expect(record?.value?.toString()).toBe(value)
    expect(record?.headers).toContainEqual({
      name: 'content-type',
      value: Buffer.from(contentType),
    })
    expect(record?.headers).toContainEqual({ name: 'ce_type', value: Buffer.from('t') })
  })

  it.each([
    ['no id', { ...event, id: '' }, '/id'],
    ['another version', { ...event, specversion: '0.3' }, '/specversion'],
    ['an attribute that is no name', { ...event, Bad: 'x' }, '/Bad'],
    ['data twice', { ...event, data: 1, data_base64: '' }, '/data_base64'],
  ])('refuses a CloudEvent with %s', async (_, body, pointer) => {
    const headers = { 'content-type': 'application/cloudevents+json' }
    const problem = await problemOf(await produce(JSON.stringify(body), headers))
    expect(problem.errors?.[0]?.pointer).toBe(pointer)
  })

  it('refuses a CloudEvent at the first attribute too many, whatever follows', async () => {
    const headers = { 'content-type': 'application/cloudevents+json' }
    const members = Array.from({ length: 300 }, (_, index) => `"a${index}":""`)
    const problem = await problemOf(await produce(`{${members.join(',')},"x":`, headers))
    expect(problem.detail).toContain('at most 256 attributes')
  })

  it.each(['1.5', '1e2', '2147483648000', '9'.repeat(400)])(
    'refuses a CloudEvent with the attribute %s',
    async (number) => {
      const headers = { 'content-type': 'application/cloudevents+json' }
      const body = `${JSON.stringify(event).slice(0, -1)},"n":${number}}`
      const problem = await problemOf(await produce(body, headers))
      expect(problem.errors?.[0]?.pointer).toBe('/n')
    },
  )

  it('says that batches of CloudEvents are to come', async () => {
    const response = await produce('[]', { 'content-type': 'application/cloudevents-batch+json' })
    expect(response.status).toBe(501)
  })

  it('refuses JSON in another charset', async () => {
    const response = await produce('{}', { 'content-type': 'application/json; charset=latin1' })
    expect(response.status).toBe(415)
  })
})
