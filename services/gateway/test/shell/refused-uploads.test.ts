/**
 * Goal: whoever sends a body that is refused unread hears why, even if he reads the answer only
 * after he has sent everything; and nobody can make the gateway read for ever.
 */
import { connect, type Socket } from 'node:net'
import { limits } from '@courant/kernel'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { apiKey } from '../metadata-entries.ts'
import { type StartedGateway, startGatewayForTest } from './started-gateway.ts'

let started: StartedGateway

beforeAll(async () => {
  started = await startGatewayForTest()
})
afterAll(() => started.stop())

const TOO_MUCH = Buffer.alloc(limits.bodyBytesMax + (1 << 20), ' ')
const RECORDS = '/v1/topics/orders/records'
const JSON_TYPE = 'application/json'

interface Refusal {
  readonly name: string
  readonly code: string
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
}

const authorization = `Bearer ${apiKey}`

const refusals: readonly Refusal[] = [
  {
    name: 'is too large',
    code: 'PAYLOAD_TOO_LARGE',
    status: 413,
    headers: { authorization, 'content-type': JSON_TYPE },
  },
  {
    name: 'comes without a key',
    code: 'UNAUTHENTICATED',
    status: 401,
    headers: { 'content-type': JSON_TYPE },
  },
  {
    name: 'has an encoding that nobody knows',
    code: 'UNSUPPORTED_MEDIA_TYPE',
    status: 415,
    headers: { authorization, 'content-type': JSON_TYPE, 'content-encoding': 'br' },
  },
  {
    name: 'asks for what is not there yet',
    code: 'NOT_IMPLEMENTED',
    status: 501,
    headers: { authorization, 'content-type': JSON_TYPE, 'idempotency-key': 'k' },
  },
]

describe.each(refusals)('a body of 17 MiB that $name', ({ code, status, headers }) => {
  it('is answered with the problem for who sends all of it before reading', async () => {
    const upload = await sendAllThenRead({ ...headers, 'content-length': `${TOO_MUCH.length}` })
    expect(upload.error).toBeNull()
    expect(upload.text).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    expect(upload.text.toLowerCase()).toContain('connection: close')
    expect(upload.text).toContain(code)
  })

  it('is answered with the problem for fetch', async () => {
    const response = await started.request(RECORDS, {
      method: 'POST',
      key: null,
      headers,
      body: TOO_MUCH,
    })
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({ code })
  })
})

describe('a connection whose last answer was given', () => {
  it('carries out no request that follows on it', async () => {
    const head = `POST ${RECORDS} HTTP/1.1\r\nHost: a\r\nAuthorization: ${authorization}\r\n`
    const json = `${head}Content-Type: ${JSON_TYPE}\r\n`
    const refused = `${json}Content-Length: ${TOO_MUCH.length}\r\n\r\n`
    const next = '{"records":[{"value":1}]}'
    const follower = `${json}Content-Length: ${next.length}\r\n\r\n${next}`
    const socket = await connected()
    socket.write(refused)
    socket.write(TOO_MUCH)
    socket.end(follower)
    const { text } = await readToEnd(socket)
    expect(text.match(/HTTP\/1\.1/g)).toHaveLength(1)
    expect(started.broker.received).toEqual([])
  })

  it('is cut when its peer sends without end', async () => {
    const socket = await connected()
    socket.write(`POST ${RECORDS} HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n`)
    const closed = readToEnd(socket)
    let sent = 0
    for (let error: unknown; !error && sent < 8 * limits.lingerBytesMax; sent += TOO_MUCH.length) {
      error = await new Promise((resolve) => socket.write(TOO_MUCH, resolve))
    }
    expect((await closed).error).not.toBeNull()
    expect(sent).toBeLessThan(2 * limits.lingerBytesMax)
  })
})

async function sendAllThenRead(headers: Readonly<Record<string, string>>) {
  const socket = await connected()
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.write(`POST ${RECORDS} HTTP/1.1\r\nHost: a\r\n${lines.join('')}\r\n`)
  await new Promise<void>((resolve) => socket.write(TOO_MUCH, () => resolve()))
  socket.end()
  return readToEnd(socket)
}

/** A socket that goes on sending when the other direction has ended, and does not read yet. */
function connected(): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port: started.port, host: '127.0.0.1', allowHalfOpen: true })
    socket.pause()
    socket.once('connect', () => resolve(socket)).once('error', reject)
  })
}

function readToEnd(socket: Socket): Promise<{ text: string; error: Error | null }> {
  return new Promise((resolve) => {
    let text = ''
    let error: Error | null = null
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString()
    })
    socket.on('error', (thrown) => {
      error = thrown
    })
    socket.on('close', () => resolve({ text, error }))
    socket.resume()
  })
}
