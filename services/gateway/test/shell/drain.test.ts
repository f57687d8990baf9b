/**
 * Goal: a stop loses nothing and keeps nobody waiting: what is under way ends in order, what is new
 * is refused, and the connections are closed.
 */
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http'
import { type Clock, systemClock } from '@courant/kernel'
import { Client, credentials, type ServiceError } from '@grpc/grpc-js'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { apiKey } from '../metadata-entries.ts'
import { until } from '../records/until.ts'
import { type StartedGateway, startGatewayForTest } from './started-gateway.ts'

let started: StartedGateway

beforeEach(async () => {
  started = await startGatewayForTest()
})
afterEach(() => started.stop())

const RECORDS = '/v1/topics/orders/partitions/0/records'

describe('a gateway that stops', () => {
  it('answers long polls early, with where to go on', async () => {
    const polling = started.request(`${RECORDS}?waitMs=60000`)
    await until(() => started.broker.waitingPeak > 0)
    const stopping = started.gateway.stop()
    const response = await polling
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ records: [], nextOffset: 0 })
    await stopping
  })

  it('ends streams in order', async () => {
    const response = await started.request(RECORDS, { headers: { accept: 'text/event-stream' } })
    const reading = response.text()
    await until(() => started.broker.waitingPeak > 0)
    await started.gateway.stop()
    expect(await reading).toBe('')
  })

  it('gives every line that it took a result, and says that it did not take the rest', async () => {
    const request = httpRequest(`${started.url}/v1/topics/orders/records`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/x-ndjson' },
    })
    const answering = new Promise<IncomingMessage>((resolve) => request.once('response', resolve))
    request.on('error', () => {})
    request.write('{"value":1}\n')
    const answer = await answering
    let text = ''
    answer.on('data', (chunk: Buffer) => {
      text += chunk.toString()
    })
    await until(() => text.includes('"index":0'))
    const stopping = started.gateway.stop()
    await until(() => answer.complete)
    request.end('{"value":2}\n')
    await stopping
    const last = JSON.parse(text.trim().split('\n').at(-1) ?? '')
    expect(last).toMatchObject({
      done: false,
      records: 1,
      failed: 0,
      problem: { code: 'SHUTTING_DOWN', applied: 'no' },
    })
  })

  it('finishes a produce that is under way, and refuses what comes behind it', async () => {
    started.broker.mood = 'silent'
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const idle = new Agent({ keepAlive: true })
    await get('/livez', idle)
    const produce = post('{"records":[{"value":1}]}', agent)
    await until(() => started.broker.received.length > 0)
    const stopping = started.gateway.stop()
    expect(started.ports.health.readiness().ready).toBe(false)
    started.broker.speak()
    expect((await produce).statusCode).toBe(200)
    await stopping
    await expect(get('/livez', idle)).rejects.toThrow()
    agent.destroy()
    idle.destroy()
  })
})

describe('a gateway that is given time before it stops', () => {
  it('is not ready and closes connections, but serves everybody until the time is over', async () => {
    await started.stop()
    const delay = new HeldTimer(4_321)
    started = await startGatewayForTest({ clock: delay.clock, shutdownDelayMs: delay.delayMs })
    const agent = new Agent({ keepAlive: true })
    await post('{"records":[{"value":1}]}', agent)
    const stopping = started.gateway.stop()
    expect((await get('/readyz', agent)).statusCode).toBe(503)
    for (const each of [agent, new Agent({ keepAlive: true })]) {
      const { statusCode, headers } = await post('{"records":[{"value":2}]}', each)
      expect([statusCode, headers.connection]).toEqual([200, 'close'])
    }
    delay.expire()
    await stopping
    await expect(get('/livez', agent)).rejects.toThrow()
  })
})

describe('the standard health service', () => {
  it('says SERVING once there is metadata, and UNAVAILABLE is what remains after a stop', async () => {
    const { host, port } = started.gateway.grpcAddress
    const client = new Client(`${host}:${port}`, credentials.createInsecure())
    expect(await checkHealth(client)).toBe(1)
    await started.gateway.stop()
    await expect(checkHealth(client)).rejects.toMatchObject({ code: 14 })
    client.close()
  })
})

/** Time of the machine, but a timer of that length goes off when the test says so. */
class HeldTimer {
  readonly delayMs: number
  readonly clock: Clock
  #isExpired = false
  #expire: () => void = () => {}

  constructor(delayMs: number) {
    this.delayMs = delayMs
    this.clock = {
      ...systemClock,
      setTimer: (ms, callback) => {
        if (ms !== delayMs) return systemClock.setTimer(ms, callback)
        if (this.#isExpired) return systemClock.setTimer(0, callback)
        this.#expire = callback
        return { cancel() {} }
      },
    }
  }

  expire(): void {
    this.#isExpired = true
    this.#expire()
  }
}

/** 1 is SERVING (grpc.health.v1.HealthCheckResponse, field 1 as a varint). */
function checkHealth(client: Client): Promise<number> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest<Buffer, Buffer>(
      '/grpc.health.v1.Health/Check',
      (message) => message,
      (bytes) => bytes,
      Buffer.alloc(0),
      (error: ServiceError | null, answer) =>
        error === null ? resolve(answer?.[1] ?? -1) : reject(error),
    )
  })
}

function get(path: string, agent: Agent): Promise<IncomingMessage> {
  return send(httpRequest(`${started.url}${path}`, { agent }), '')
}

function post(body: string, agent: Agent): Promise<IncomingMessage> {
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' }
  const url = `${started.url}/v1/topics/orders/records`
  return send(httpRequest(url, { agent, method: 'POST', headers }), body)
}

function send(request: ReturnType<typeof httpRequest>, body: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('error', reject)
    request.once('response', (response) => {
      response.resume().once('end', () => resolve(response))
    })
    request.end(body)
  })
}
