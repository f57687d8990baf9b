/**
 * Goal: each way of reading a partition, as a caller sees it over HTTP, with a broker behind a
 * socket.
 */
import { RecordBatchBuilder, recordSource } from '@courant/record-batch'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
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
  gateway = await startRecordsGateway(4)
  for (const [index, value] of ['0', '1', '2', '3', '4'].entries()) {
    append(0, [value], 1000 + index)
  }
  append(1, ['{"a":1.0}', 'text', 'null'], 5000)
})
afterAll(() => gateway.stop())

/** One batch, as another client would have written it. */
function append(partition: number, values: readonly string[], timestamp: number): void {
  const builder = new RecordBatchBuilder(0)
  for (const value of values) builder.append(recordSource({ timestamp, key: 'k', value }))
  gateway.broker.append(topicId, partition, builder.seal())
}

function read(partition: number | string, query = '', headers: Record<string, string> = {}) {
  const path = `/v1/topics/orders/partitions/${partition}/records${query}`
  return gateway.request(path, { headers })
}

interface Page {
  readonly records: { offset: number; value?: unknown; valueText?: string; valueBase64?: string }[]
  readonly nextOffset: number
  readonly highWatermark: number
  readonly logStartOffset: number
}

async function page(partition: number, query: string): Promise<Page> {
  const response = await read(partition, query)
  expect(response.status).toBe(200)
  return (await response.json()) as Page
}

describe('a page', () => {
  it.each([
    ['', [0, 1, 2, 3, 4]],
    ['?from=earliest', [0, 1, 2, 3, 4]],
    ['?offset=3', [3, 4]],
    ['?offset=5', []],
    ['?from=latest', []],
    ['?timestamp=1002', [2, 3, 4]],
    ['?timestamp=0', [0, 1, 2, 3, 4]],
    ['?timestamp=99999', []],
    ['?maxRecords=2', [0, 1]],
    ['?offset=1&maxBytes=1', [1]],
  ])('begins where the query %s says', async (query, offsets) => {
    const { records, nextOffset, highWatermark, logStartOffset } = await page(0, query)
    expect(records.map(({ offset }) => offset)).toEqual(offsets)
    expect(nextOffset).toBe((offsets.at(-1) ?? 4) + 1)
    expect([highWatermark, logStartOffset]).toEqual([5, 0])
  })

  it('shows values in the format asked for', async () => {
    const shown = async (query: string) =>
      (await page(1, query)).records.map(
        ({ value, valueText, valueBase64 }) => valueBase64 ?? valueText ?? JSON.stringify(value),
      )
    expect(await shown('')).toEqual(['{"a":1}', 'text', 'null'])
    expect(await shown('?format=text')).toEqual(['{"a":1.0}', 'text', 'null'])
    expect(await shown('?format=base64')).toEqual(['eyJhIjoxLjB9', 'dGV4dA==', 'bnVsbA=='])
    const [, , stored] = (await page(1, '')).records
    expect(stored).toMatchObject({ valueText: 'null' })
  })

  it('waits for a record that is not there yet, and answers as soon as it is', async () => {
    const response = page(2, '?from=latest&waitMs=20000')
    await until(() => gateway.broker.waitingCount > 0)
    append(2, ['late'], 1)
    expect((await response).records).toMatchObject([{ offset: 0, valueText: 'late' }])
  })

  it('answers empty when nothing comes in time', async () => {
    expect((await page(3, '?from=latest&waitMs=30')).records).toEqual([])
  })

  it('answers 416 with both ends of the log when the offset is outside', async () => {
    const response = await read(0, '?offset=6')
    expect(response.status).toBe(416)
    expect(await response.json()).toMatchObject({
      code: 'OFFSET_OUT_OF_RANGE',
      logStartOffset: 0,
      highWatermark: 5,
    })
  })

  it.each([
    ['?offset=1&from=latest', '?offset'],
    ['?offset=-1', '?offset'],
    ['?offset=-0', '?offset'],
    ['?offset=1.0', '?offset'],
    ['?waitMs=60001', '?waitMs'],
    ['?maxRecords=10001', '?maxRecords'],
    ['?format=xml', '?format'],
    ['?ofset=1', '?ofset'],
  ])('refuses the query %s', async (query, pointer) => {
    const response = await read(0, query)
    expect(response.status).toBe(400)
    const { errors } = (await response.json()) as { errors: { pointer: string }[] }
    expect(errors[0]?.pointer).toBe(pointer)
  })

  it('answers 404 for a partition or a topic that is not there, and to another tenant', async () => {
    const path = '/v1/topics/orders/partitions/0/records'
    expect((await read(4)).status).toBe(404)
    expect((await gateway.request(path.replace('orders', 'nothing'))).status).toBe(404)
    expect((await gateway.request(path, { key: strangerKey })).status).toBe(404)
    expect((await read('x')).status).toBe(400)
  })

  it('comes back by itself after the connection to the broker broke', async () => {
    gateway.broker.dropConnections()
    expect((await page(0, '?offset=4')).records.length).toBe(1)
  })
})

describe('a stream', () => {
  const lines = { accept: 'application/x-ndjson' }
  const events = { accept: 'text/event-stream' }

  it('ends at the end of the log for waitMs=0, and after maxRecords', async () => {
    const all = await (await read(0, '?waitMs=0', lines)).text()
    expect(
      all
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).offset),
    ).toEqual([0, 1, 2, 3, 4])
    const some = await (await read(0, '?maxRecords=2&offset=1', lines)).text()
    expect(some.trim().split('\n').length).toBe(2)
  })

  it('follows the log', async () => {
    const response = await read(3, '?from=latest&maxRecords=2', events)
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    for (const value of ['"a"', '"b"']) {
      await until(() => gateway.broker.waitingCount > 0)
      append(3, [value], 7)
    }
    expect(await response.text()).toBe(
      'id: 1\ndata: {"offset":0,"timestamp":7,"key":"k","value":"a","headers":[]}\n\n' +
        'id: 2\ndata: {"offset":1,"timestamp":7,"key":"k","value":"b","headers":[]}\n\n',
    )
  })

  it('resumes behind the last event', async () => {
    const resumed = await read(0, '?from=earliest&maxRecords=1', {
      ...events,
      'last-event-id': '3',
    })
    expect(await resumed.text()).toContain('id: 4\ndata: {"offset":3,')
    const wrong = await read(0, '', { ...events, 'last-event-id': 'x' })
    expect(wrong.status).toBe(400)
  })

  it('still answers a status for what fails before its first byte', async () => {
    expect((await read(0, '?offset=77', lines)).status).toBe(416)
  })

  it('stops reading when its caller has gone', async () => {
    const controller = new AbortController()
    const response = await gateway.request('/v1/topics/orders/partitions/0/records?from=latest', {
      headers: events,
      signal: controller.signal,
    })
    await until(() => gateway.broker.waitingCount > 0)
    const reading = response.text()
    controller.abort()
    await expect(reading).rejects.toThrow()
  })
})

describe('offsets', () => {
  it.each([
    ['', [5, 3]],
    ['?from=latest', [5, 3]],
    ['?from=earliest', [0, 0]],
    ['?timestamp=1003', [3, 0]],
    ['?timestamp=6000', [null, null]],
  ])('of every partition for the query %s', async (query, expected) => {
    const response = await gateway.request(`/v1/topics/orders/offsets${query}`)
    expect(response.status).toBe(200)
    const { offsets } = (await response.json()) as { offsets: { offset: number | null }[] }
    expect(offsets.slice(0, 2).map(({ offset }) => offset)).toEqual(expected)
    expect(offsets.length).toBe(4)
  })

  it('of a partition without a leader is a problem in its place, and holds up no other', async () => {
    const [, ...partitions] = topicEntries(4, {})
    const withoutLeader = partitions.map(([, entry]) => {
      if (entry?.$case !== 'partition') throw new Error('not a partition')
      const { leader: _, ...value } = entry.value
      return { $case: 'partition' as const, value }
    })
    const keys = partitions.map(([key]) => key)
    gateway.apply(withoutLeader.slice(2, 3), keys.slice(2, 3))
    const some = await gateway.request('/v1/topics/orders/offsets?from=earliest')
    expect(some.status).toBe(200)
    expect(await some.json()).toEqual({
      offsets: [
        { partition: 0, offset: 0 },
        { partition: 1, offset: 0 },
        { partition: 2, problem: expect.objectContaining({ code: 'NOT_LEADER', retriable: true }) },
        { partition: 3, offset: 0 },
      ],
    })
    gateway.apply(withoutLeader, keys)
    const none = await gateway.request('/v1/topics/orders/offsets')
    expect([none.status, await none.json()]).toMatchObject([503, { code: 'NOT_LEADER' }])
  })
})
