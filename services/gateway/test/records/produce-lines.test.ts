/**
 * Goal: NDJSON in both directions at once: results while the body is sent, and neither end overrun.
 */
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { assert, type TenantId } from '@courant/kernel'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { LineProducer } from '../../src/produce/line-producer.ts'
import { tenants } from '../metadata-entries.ts'
import { apiKey, type RecordsGateway, startRecordsGateway, topicId } from './records-gateway.ts'
import { until } from './until.ts'

let gateway: RecordsGateway

beforeAll(async () => {
  gateway = await startRecordsGateway(1)
})
afterEach(() => gateway.broker.speak())
afterAll(() => gateway.stop())

interface Line {
  readonly index?: number
  readonly offset?: number | null
  readonly problem?: { code: string; detail: string; errors?: { pointer: string }[] }
  readonly done?: boolean
  readonly records?: number
  readonly failed?: number
}

async function produce(body: string | Buffer, query = '', encoding = 'identity'): Promise<Line[]> {
  const response = await gateway.request(`/v1/topics/orders/records${query}`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson', 'content-encoding': encoding },
    body,
  })
  expect(response.status).toBe(200)
  return linesOf(await response.text())
}

function linesOf(text: string): Line[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))
}

function storedCount(): number {
  return gateway.broker.log(topicId, 0).end
}

describe('NDJSON', () => {
  it('answers a line a record, with its index, and a last line', async () => {
    const lines = await produce('{"value":1}\r\n\n  \n{"key":"k","valueText":"x"}')
    expect(lines.map(({ index }) => index)).toEqual([0, 1, undefined])
    expect(Number(lines[1]?.offset)).toBe(Number(lines[0]?.offset) + 1)
    expect(lines[2]).toEqual({ done: true, records: 2, failed: 0 })
  })

  it('goes on behind a bad line, or stops there if asked to', async () => {
    const body = '{"value":1}\n{"valeu":2}\n{"value":3\n\xff\n{"value":4}\n'
    const lines = await produce(Buffer.from(body, 'latin1'))
    expect(lines.map(({ problem }) => problem?.code)).toEqual([
      undefined,
      'INVALID_RECORD',
      'INVALID_JSON',
      'INVALID_JSON',
      undefined,
      undefined,
    ])
    expect(lines[1]?.problem?.errors?.[0]?.pointer).toBe('/valeu')
    expect(lines[2]?.problem?.detail).toContain('unexpected end at byte 10')
    expect(lines.at(-1)).toEqual({ done: true, records: 5, failed: 3 })
    const before = storedCount()
    const stopped = await produce(Buffer.from(body, 'latin1'), '?onError=stop')
    expect(stopped.length).toBe(3)
    expect(stopped.at(-1)).toEqual({ done: true, records: 2, failed: 1 })
    expect(storedCount()).toBe(before + 1)
  })

  it('takes more than one batch, compressed, in order', async () => {
    const count = 5_000
    const body = Array.from({ length: count }, (_, index) => `{"value":${index},"key":"k"}\n`)
    const before = storedCount()
    const lines = await produce(gzipSync(body.join('')), '', 'gzip')
    expect(lines.at(-1)).toEqual({ done: true, records: count, failed: 0 })
    for (const [index, line] of lines.slice(0, -1).entries()) {
      expect([line.index, line.offset]).toEqual([index, before + index])
    }
  })

  it('gives every line of a failed batch its problem', async () => {
    gateway.broker.mood = { error: 89, message: 'STORAGE_FULL: No room.' }
    const lines = await produce('{"value":1}\n{"nonsense":1}\n{"value":2}\n')
    expect(lines.map(({ problem }) => problem?.code)).toEqual([
      'STORAGE_FULL',
      'INVALID_RECORD',
      'STORAGE_FULL',
      undefined,
    ])
    expect(lines.at(-1)).toEqual({ done: true, records: 3, failed: 3 })
  })

  it('answers lines without offsets for acks=none', async () => {
    const lines = await produce('{"value":1}\n{"x":1}\n{"value":2}\n', '?acks=none')
    expect(lines.map(({ offset }) => offset)).toEqual([null, null, null, undefined])
    expect(lines.at(-1)?.failed).toBe(1)
  })

  it('answers results while the body is still being sent', async () => {
    const stream = openStream()
    stream.request.write('{"value":1}\n')
    await until(() => stream.text.includes('"index":0'))
    stream.request.write('{"value":2}\n{"val')
    await until(() => stream.text.includes('"index":1'))
    stream.request.end('ue":3}')
    await until(() => stream.text.includes('"done":true,"records":3'))
  })

  it('ends the answer at a failure if asked to, though the body goes on', async () => {
    const stream = openStream('?onError=stop')
    stream.request.write('{"value":1}\n')
    await until(() => stream.text.includes('"index":0'))
    stream.request.write('{"nonsense":1}\n{"value":2}\n')
    await until(() => stream.isClosed)
    expect(linesOf(stream.text).map(({ index }) => index)).toEqual([0, 1, undefined])
    expect(linesOf(stream.text).at(-1)).toEqual({ done: true, records: 2, failed: 1 })
  })

  it('counts a line that is long while it arrives, and forgets it when it has ended', async () => {
    const stream = openStream()
    const piece = 'x'.repeat(400_000)
    stream.request.write(`{"valueText":"${piece}`)
    await until(() => gateway.dataPath.bodies.bytes > 0)
    stream.request.end(`${piece}"}\n`)
    await until(() => stream.text.includes('"done":true'))
    expect(linesOf(stream.text).at(-1)?.failed).toBe(0)
    expect(gateway.dataPath.bodies.bytes).toBe(0)
  })

  it('reads no further than it can answer', async () => {
    gateway.broker.mood = 'silent'
    const stream = openStream()
    const line = `{"valueText":"${'x'.repeat(64_000)}"}\n`
    let sent = 0
    while (stream.request.write(line) && sent < 2_000) {
      sent += 1
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(gateway.dataPath.accumulator.waitingBytes).toBeLessThan(6_000_000)
    expect(sent).toBeLessThan(2_000)
    gateway.broker.speak()
    stream.request.end()
    await until(() => stream.text.includes('"done":true'))
    expect(linesOf(stream.text).at(-1)?.failed).toBe(0)
  })

  it('has no last line when the body breaks off, and forgets the caller', async () => {
    const stream = openStream()
    stream.request.write('{"value":1}\n{"value":')
    await until(() => stream.text.includes('"index":0'))
    stream.request.destroy()
    await until(() => gateway.dataPath.accumulator.waitingBytes === 0)
    expect(stream.text).not.toContain('done')
  })

  it('says in its last line why it does not read on when a line is too long', async () => {
    const stream = openStream()
    stream.request.write('{"value":1}\n')
    await until(() => stream.text.includes('"index":0'))
    const piece = 'x'.repeat(1 << 20)
    for (let mib = 0; mib < 9; mib += 1) stream.request.write(piece)
    await until(() => stream.isClosed)
    expect(linesOf(stream.text).at(-1)).toMatchObject({
      done: false,
      records: 1,
      failed: 0,
      problem: { code: 'PAYLOAD_TOO_LARGE' },
    })
  })

  it.each(['gzip', 'zstd'])('says so too when the body is not %s', async (encoding) => {
    const [only] = await produce('{"value":1}\n', '', encoding)
    expect(only).toMatchObject({ done: false, records: 0, problem: { code: 'INVALID_ARGUMENT' } })
  })

  it('reads no further ahead of its results when every line is short and bad', async () => {
    const pieces = 30
    let taken = 0
    const body = Readable.from(
      (function* () {
        for (; taken < pieces; taken += 1) yield Buffer.from('x\n'.repeat(32_768))
      })(),
      { objectMode: false },
    )
    const { producer, bodies, clock, draining } = gateway.dataPath
    const topic = gateway.dataPath.topics.find(tenants[0].tenantId as TenantId, 'orders')
    assert(topic !== null, 'the topic is there')
    const lines = new LineProducer(producer, bodies, clock, () => topic, {
      acks: 'all',
      timeoutMs: 1_000,
      onPartial: 'status',
      onError: 'continue',
      requestId: 'r',
      draining,
    })
    const answer = lines.run(body)
    await answer.next()
    // As many turns as would be needed to read it all, if nothing held the reader.
    for (let turn = 0; turn < pieces * 100; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(taken).toBeLessThan(pieces / 3)
    await answer.return()
  })
})

/** A request whose body is written by hand while its answer is read. */
function openStream(query = '') {
  const request = httpRequest({
    port: gateway.port,
    method: 'POST',
    path: `/v1/topics/orders/records${query}`,
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/x-ndjson' },
  })
  const stream = { request, text: '', isClosed: false }
  request.on('response', (response: IncomingMessage) => {
    response.setEncoding('utf8')
    response.on('data', (text: string) => {
      stream.text += text
    })
    response.on('error', () => {})
  })
  request.on('error', () => {})
  request.on('close', () => {
    stream.isClosed = true
  })
  request.flushHeaders()
  return stream
}
