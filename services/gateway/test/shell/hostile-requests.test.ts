/**
 * Goal: whatever arrives on the socket, the answer is a problem that explains itself, and neither
 * memory nor the event loop is held by it. The management API stands for all routes with JSON in.
 */
import { connect } from 'node:net'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { limits } from '@courant/kernel'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { apiKey } from '../metadata-entries.ts'
import { rawBytes, rawRequest } from './raw-request.ts'
import { type StartedGateway, startGatewayForTest } from './started-gateway.ts'

let started: StartedGateway

beforeAll(async () => {
  started = await startGatewayForTest()
})
afterAll(() => started.stop())
/** Nothing that is refused here ever reaches the control plane. */
afterEach(() => expect(started.control.adminCalls.splice(0)).toEqual([]))

const JSON_TYPE = 'application/json'

interface Problem {
  readonly status: number
  readonly code: string
  readonly applied: string
  readonly detail: string
  readonly requestId: string
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[]
}

async function create(body: string | Buffer, headers: Record<string, string> = {}) {
  const response = await started.request('/v1/topics', {
    method: 'POST',
    headers: { 'content-type': JSON_TYPE, ...headers },
    body,
  })
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  const problem = (await response.json()) as Problem
  expect(problem.status).toBe(response.status)
  expect(problem.requestId).toBe(response.headers.get('request-id'))
  expect(problem.applied).toBe('no')
  return problem
}

describe('a body', () => {
  it.each([
    ['nothing', ''],
    ['not JSON', '{"name":'],
    ['two values', '{"name":"a"} {}'],
    ['a trailing comma', '{"name":"a",}'],
    ['a number out of grammar', '{"name":"a","partitions":01}'],
    ['a byte order mark', '\ufeff{"name":"a"}'],
    ['bad UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    ['UTF-16', Buffer.from('{"name":"a"}', 'utf16le')],
    ['nesting without end', '['.repeat(200_000)],
    ['nesting one too deep', `${'['.repeat(33)}${']'.repeat(33)}`],
    ['a member twice', '{"name":"a","name":"b"}'],
    ['a member twice, escaped', '{"name":"a","n\\u0061me":"b"}'],
    ['a nested member twice', '{"name":"a","config":{"retentionMs":1,"retentionMs":2}}'],
  ])('that is %s is INVALID_JSON', async (_, body) => {
    expect(await create(body)).toMatchObject({ status: 400, code: 'INVALID_JSON' })
  })

  it.each([
    ['an unknown member', '{"name":"a","partitoins":3}', '/partitoins'],
    ['__proto__', '{"name":"a","__proto__":{"partitions":3}}', '/__proto__'],
    ['constructor', '{"name":"a","constructor":{}}', '/constructor'],
    ['a member with a slash and a tilde', '{"name":"a","a/b~c":1}', '/a~1b~0c'],
    ['an unknown setting', '{"name":"a","config":{"retentionMS":1}}', '/config/retentionMS'],
    ['a number as text', '{"name":"a","partitions":"3"}', '/partitions'],
    ['a fraction', '{"name":"a","partitions":1.5}', '/partitions'],
    ['a truth for a number', '{"name":"a","partitions":true}', '/partitions'],
    ['a number for a text', '{"name":7}', '/name'],
    ['null for what is required', '{"name":null}', '/name'],
    ['nothing for what is required', '{}', '/name'],
    ['a list', '[]', ''],
    ['text', '"orders"', ''],
    ['null', 'null', ''],
    ['too many partitions', '{"name":"a","partitions":10001}', '/partitions'],
    ['no partitions', '{"name":"a","partitions":0}', '/partitions'],
    ['a name with a slash', '{"name":"a/b"}', '/name'],
    ['the name ..', '{"name":".."}', '/name'],
    ['an empty name', '{"name":""}', '/name'],
    ['a name that is too long', `{"name":"${'a'.repeat(250)}"}`, '/name'],
    ['a NUL in the name', '{"name":"a\\u0000b"}', '/name'],
    [
      'a setting of another type',
      '{"name":"a","config":{"retentionMs":"1d"}}',
      '/config/retentionMs',
    ],
    ['a setting out of range', '{"name":"a","config":{"segmentBytes":1}}', '/config/segmentBytes'],
  ])('with %s is refused with its pointer', async (_, body, pointer) => {
    const problem = await create(body)
    expect(problem.status).toBe(400)
    expect(problem.errors?.map((error) => error.pointer)).toContain(pointer)
  })

  it('is told of an unknown name no more than it takes to find it', async () => {
    for (const body of [
      `{"${'n'.repeat(900_000)}":1}`,
      `{"${'n'.repeat(400_000)}":1,"${'n'.repeat(400_000)}":2}`,
    ]) {
      expect(JSON.stringify(await create(body)).length).toBeLessThan(2_000)
    }
  })

  it('reports no more than twenty of a million mistakes', async () => {
    const members = Array.from({ length: 10_000 }, (_, index) => `"m${index}":1`)
    const { errors } = await create(`{${members.join(',')}}`)
    expect(errors?.length).toBeLessThanOrEqual(20)
  })

  it.each([
    ['text/plain', 415],
    ['application/json; charset=latin1', 415],
    ['application/jsonx', 415],
    ['application/xml', 415],
    ['nonsense', 415],
  ])('of type %s is refused', async (type, status) => {
    expect(await create('{"name":"a"}', { 'content-type': type })).toMatchObject({
      status,
      code: 'UNSUPPORTED_MEDIA_TYPE',
    })
  })

  it.each(['br', 'deflate', 'gzip, gzip', 'nonsense'])(
    'encoded as %s is refused',
    async (encoding) => {
      const problem = await create('{"name":"a"}', { 'content-encoding': encoding })
      expect(problem).toMatchObject({ status: 415, code: 'UNSUPPORTED_MEDIA_TYPE' })
    },
  )

  it('may be compressed, and is read as what it was', async () => {
    const body = '{"name":"a/b"}'
    for (const [encoding, bytes] of [
      ['gzip', gzipSync(body)],
      ['zstd', zstdCompressSync(body)],
    ] as const) {
      const problem = await create(bytes, { 'content-encoding': encoding })
      expect(problem.code).toBe('INVALID_TOPIC_NAME')
    }
  })

  it('that grows beyond the limit when decompressed is refused before it has grown', async () => {
    const bomb = Buffer.alloc(64 * 1024 * 1024, ' ')
    for (const [encoding, bytes] of [
      ['gzip', gzipSync(bomb)],
      ['zstd', zstdCompressSync(bomb)],
    ] as const) {
      const problem = await create(bytes, { 'content-encoding': encoding })
      expect(problem).toMatchObject({ status: 413, code: 'PAYLOAD_TOO_LARGE' })
    }
  })

  it('that is not what its encoding says is refused', async () => {
    const problem = await create('{"name":"a"}', { 'content-encoding': 'gzip' })
    expect(problem).toMatchObject({ status: 400, applied: 'no' })
  })

  it('larger than the limit is refused, with and without a length', async () => {
    const bytes = limits.managementBodyBytesMax + 1
    expect(await create(Buffer.alloc(bytes, ' '))).toMatchObject({ status: 413 })
    const head = `POST /v1/topics HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${apiKey}\r\nContent-Type: ${JSON_TYPE}\r\n`
    const promised = await rawBytes(started.port, `${head}Content-Length: 99999999999\r\n\r\n`)
    expect(promised.json).toMatchObject({ status: 413, code: 'PAYLOAD_TOO_LARGE' })
    const chunk = `10000\r\n${' '.repeat(0x10000)}\r\n`
    const endless = await rawBytes(
      started.port,
      `${head}Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(17)}`,
    )
    expect(endless.json).toMatchObject({ status: 413, code: 'PAYLOAD_TOO_LARGE' })
  })
})

describe('what is not HTTP', () => {
  it.each([
    ['noise', '\x16\x03\x01\x02\x00\r\n\r\n', 400],
    [
      'both lengths',
      'POST /v1/topics HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    [
      'a length that is not a number',
      'POST /v1/topics HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n',
      400,
    ],
    [
      'a chunk that lies',
      'POST /v1/topics HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
      400,
    ],
    [
      'headers without end',
      `GET / HTTP/1.1\r\nX: ${'a'.repeat(limits.headerBytesMax)}\r\n\r\n`,
      431,
    ],
  ])('as %s is answered with a problem, and the connection ends', async (_, bytes, status) => {
    const answer = await rawBytes(started.port, bytes)
    expect([answer.status, answer.json?.['status']]).toEqual([status, status])
    expect(answer.text).toContain('application/problem+json')
    expect(answer.text.toLowerCase()).toContain('connection: close')
  })
})

describe('what is no route', () => {
  it.each([
    ['GET', '/v1/nothing', 404, 'ROUTE_NOT_FOUND'],
    ['GET', '/v1/topics/', 404, 'TOPIC_NOT_FOUND'],
    ['GET', '/v1//topics', 404, 'ROUTE_NOT_FOUND'],
    ['GET', '/V1/topics', 404, 'ROUTE_NOT_FOUND'],
    ['PUT', '/v1/topics', 405, 'METHOD_NOT_ALLOWED'],
    ['HEAD', '/v1/topics', 405, ''],
    ['OPTIONS', '/v1/topics', 405, 'METHOD_NOT_ALLOWED'],
    ['DELETE', '/v1/topics', 405, 'METHOD_NOT_ALLOWED'],
    ['POST', '/v1/transactions', 501, 'NOT_IMPLEMENTED'],
    ['GET', '/v1/tokens', 501, 'NOT_IMPLEMENTED'],
    ['POST', '/v1/transactions', 501, 'NOT_IMPLEMENTED'],
    ['POST', '/v1/tokens', 501, 'NOT_IMPLEMENTED'],
  ])('%s %s says %d', async (method, path, status, code) => {
    const response = await started.request(path, { method })
    expect(response.status).toBe(status)
    if (code !== '') expect(await response.json()).toMatchObject({ code, applied: 'no' })
    if (status === 405) expect(response.headers.get('allow')).toBe('POST, GET')
  })

  it('with a malformed escape or an odd path is a problem too', async () => {
    for (const path of [
      '/v1/topics/%',
      '/v1/topics/%ff',
      '/v1/topics/%00',
      `/v1/topics/${'a'.repeat(250)}`,
      `/v1/topics/${'a'.repeat(10_000)}`,
      `/${'a/'.repeat(4_000)}`,
    ]) {
      const { status, json } = await rawRequest(started.port, [
        `GET ${path} HTTP/1.1`,
        `Authorization: Bearer ${apiKey}`,
      ])
      expect(status).toBeGreaterThanOrEqual(400)
      expect(status).toBeLessThan(500)
      expect(json).toMatchObject({ status, applied: 'no' })
    }
  })
})

describe('a promise that is not made yet', () => {
  it.each(['Idempotency-Key', 'Producer-Id', 'Producer-Epoch', 'Producer-Sequence'])(
    '%s is refused on every route, and nothing is written',
    async (header) => {
      for (const path of ['/v1/topics', '/v1/topics/orders/records']) {
        const response = await started.request(path, {
          method: 'POST',
          headers: { 'content-type': JSON_TYPE, [header]: '1' },
          body: '{"records":[{"value":1}]}',
        })
        expect(response.status).toBe(501)
        expect(await response.json()).toMatchObject({ code: 'NOT_IMPLEMENTED', applied: 'no' })
      }
      expect(started.broker.received).toEqual([])
    },
  )
})

describe('a request', () => {
  it('keeps its id if that is legal, and is given one otherwise', async () => {
    const named = await started.request('/v1/topics', { headers: { 'request-id': 'my.Id-1_' } })
    expect(named.headers.get('request-id')).toBe('my.Id-1_')
    for (const id of ['a b', 'ü', 'x'.repeat(65), '"><script>']) {
      const { text } = await rawRequest(started.port, ['GET /livez HTTP/1.1', `Request-Id: ${id}`])
      expect(/request-id: ([\w.-]+)\r/i.exec(text)?.[1]).toMatch(/^[0-9a-f]{12}-[0-9a-z]+$/)
    }
  })

  it('with an expectation that nobody knows is answered as if it had none', async () => {
    const head = ['GET /v1/nothing HTTP/1.1', 'Expect: nonsense', `Authorization: Bearer ${apiKey}`]
    const { status, json } = await rawRequest(started.port, head)
    expect([status, json?.['code']]).toEqual([404, 'ROUTE_NOT_FOUND'])
  })

  it('goes on in its trace, as a span of its own', async () => {
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
    const given = `00-${trace}-00f067aa0ba902b7-01`
    const answer = await started.request('/v1/topics', { headers: { traceparent: given } })
    const returned = answer.headers.get('traceparent')
    expect(returned).toMatch(new RegExp(`^00-${trace}-[0-9a-f]{16}-01$`))
    expect(returned).not.toBe(given)
    const broken = await started.request('/v1/topics', {
      headers: { traceparent: `00-${'0'.repeat(32)}-1-1` },
    })
    expect(broken.headers.get('traceparent')).toBeNull()
  })

  it('that wants another representation is told which there are', async () => {
    const response = await started.request('/v1/topics', { headers: { accept: 'text/html' } })
    expect(response.status).toBe(406)
    expect(await response.json()).toMatchObject({ code: 'NOT_ACCEPTABLE' })
    const any = await started.request('/v1/topics', { headers: { accept: 'text/html, */*;q=0.1' } })
    expect(any.status).toBe(200)
  })

  it.each([
    ['limit=0', '?limit'],
    ['limit=1001', '?limit'],
    ['limit=1e2', '?limit'],
    ['limit=%205', '?limit'],
    ['limit=05', '?limit'],
    ['limit=1&limit=2', '?limit'],
    ['limti=5', '?limti'],
    ['cursor=***', '?cursor'],
    ['__proto__=1', '?__proto__'],
    ['constructor=1', '?constructor'],
  ])('with the query %s is refused with the parameter', async (query, pointer) => {
    const response = await started.request(`/v1/topics?${query}`)
    const problem = (await response.json()) as Problem
    expect(problem).toMatchObject({ status: 400, code: 'INVALID_ARGUMENT' })
    expect(problem.errors?.map((error) => error.pointer)).toContain(pointer)
  })
})

describe('every route', () => {
  it('refuses a parameter that it does not know, unless it is public', async () => {
    for (const path of ['/v1/topics/orders', '/v1/topics/orders/offsets', '/v1/api-keys']) {
      const response = await started.request(`${path}?verbose=1`)
      expect([path, response.status]).toEqual([path, 400])
    }
    expect((await started.request('/livez?at=1', { key: null })).status).toBe(200)
  })

  it('that is public answers HEAD like GET, without the body', async () => {
    for (const path of ['/livez', '/readyz', '/openapi.json', '/docs']) {
      const head = await started.request(path, { key: null, method: 'HEAD' })
      expect(head.status).toBe(200)
      expect(await head.text()).toBe('')
    }
  })
})

describe('bytes that are not HTTP behind a request', () => {
  const head = `POST /v1/topics/orders/records HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${apiKey}\r\n`

  it('put nothing into the answer that has begun', async () => {
    const line = '{"value":1}\n'
    const socket = connect(started.port, '127.0.0.1')
    let text = ''
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      if (text.includes('"index":0')) socket.write('zz\r\n')
    })
    socket.write(`${head}Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n`)
    socket.write(`${line.length.toString(16)}\r\n${line}\r\n`)
    await new Promise((resolve) => socket.once('close', resolve))
    expect(text.match(/HTTP\/1\.1/g)).toHaveLength(1)
    expect(text).not.toContain('done')
  })

  it('are not taken for its answer while it is carried out', async () => {
    started.broker.mood = 'silent'
    const body = '{"records":[{"value":1}]}'
    const request = `${head}Content-Type: ${JSON_TYPE}\r\nContent-Length: ${body.length}\r\n\r\n${body}`
    const { text } = await rawBytes(started.port, `${request}\x16\x03\x01\r\n\r\n`)
    started.broker.speak()
    expect(text).toBe('')
  })
})

describe('a slow peer', () => {
  it('holds nobody else up', async () => {
    const sockets = Array.from({ length: 200 }, () => {
      const socket = connect(started.port, '127.0.0.1')
      socket.on('error', () => {})
      socket.write('POST /v1/topics HTTP/1.1\r\nHost: a\r\nX-Slow: ')
      return socket
    })
    try {
      expect((await started.request('/v1/topics')).status).toBe(200)
    } finally {
      for (const socket of sockets) socket.destroy()
    }
  })
})
