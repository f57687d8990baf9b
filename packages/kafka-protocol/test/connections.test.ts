/**
 * Client and server ends against each other over real sockets, and the server against raw bytes.
 */
import { connect, type Socket } from 'node:net'
import { BusError, limits, systemClock } from '@courant/kernel'
import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  type AnswerOrder,
  BrokerConnection,
  type Exchange,
  listOffsetsApi,
  produceApi,
  RequestRouter,
  type ResponseInputOf,
  ServerConnection,
} from '../src/index.ts'
import { loopback, tcp } from './tcp.ts'

type Produced = Exchange<ResponseInputOf<typeof produceApi>>

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

describe('a client and a server', () => {
  it('agree on the highest common versions and on answers in any order', async () => {
    const { client } = await pair('any-order')
    expect(client.answerOrder).toBe('any-order')
    expect(client.versionOf(produceApi)).toBe(9)
    expect(() => client.versionOf(listOffsetsApi)).toThrow('UNSUPPORTED_VERSION')
    await expect(client.request(listOffsetsApi, listOffsets, 1_000)).rejects.toThrow('UNSUPPORTED')
  })

  it('are both at the end when the server has drained, whatever the client has sent since', async () => {
    const { client, server, take } = await pair('any-order')
    const answered = client.request(produceApi, produce(1), 5_000)
    const [exchange] = await take(1)
    server()?.drain()
    const ignored = client.request(produceApi, produce(2), 5_000)
    const lost = expect(ignored).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
    await vi.waitUntil(() => client.queuedCount === 0, { timeout: 20_000 })
    exchange?.respond(produced(0))
    await answered
    await lost
    await vi.waitUntil(() => server()?.isOpen === false, { timeout: 20_000 })
  })

  it('match answers that overtake each other', async () => {
    const { client, take } = await pair('any-order')
    const answers = [1, 2, 3].map((index) => client.request(produceApi, produce(index), 5_000))
    const exchanges = await take(3)
    for (const exchange of exchanges.toReversed()) exchange.respond(produced(exchange.size))
    const sizes = await Promise.all(answers.map(async (answer) => offsetOf(await answer)))
    expect(sizes).toEqual(exchanges.map(({ size }) => size))
  })

  it('answer in order when the client did not ask for more', async () => {
    const { client, take } = await pair('in-order')
    const order: number[] = []
    const answers = [1, 2, 3].map(async (index) => {
      await client.request(produceApi, produce(index), 5_000)
      order.push(index)
    })
    for (const exchange of (await take(3)).toReversed()) exchange.respond(produced(0))
    await Promise.all(answers)
    expect(order).toEqual([1, 2, 3])
  })

  it('carry records of many sizes through unchanged', async () => {
    const { client, take } = await pair('any-order')
    for (const size of [0, 1, 8_192, 8_193, 1_000_000]) {
      const answer = client.request(produceApi, produce(size), 5_000)
      const [exchange] = await take(1)
      exchange?.respond(produced(size))
      expect(offsetOf(await answer)).toBe(size)
    }
  })

  it('need no answer for acks 0', async () => {
    const { client, take } = await pair('any-order')
    await client.send(produceApi, { ...produce(1), acks: 0 }, 1_000)
    const answer = client.request(produceApi, produce(2), 5_000)
    const [silent, loud] = await take(2)
    silent?.skip()
    loud?.respond(produced(2))
    expect(offsetOf(await answer)).toBe(2)
    expect(client.inFlightCount).toBe(0)
  })

  it('keep requests beyond the bound waiting, in order, and lose none', async () => {
    const { client, take } = await pair('any-order')
    const count = limits.requestsInFlightMax * 3
    const answers = Array.from({ length: count }, (_, index) =>
      client.request(produceApi, produce(index), 20_000),
    )
    expect(client.inFlightCount).toBe(limits.requestsInFlightMax)
    expect(client.queuedCount).toBe(count - limits.requestsInFlightMax)
    const sizes: number[] = []
    for (let index = 0; index < count; index++) {
      const [exchange] = await take(1)
      sizes.push(exchange?.size ?? 0)
      exchange?.respond(produced(index))
    }
    expect(await Promise.all(answers.map(async (answer) => offsetOf(await answer)))).toEqual(
      Array.from({ length: count }, (_, index) => index),
    )
    expect(sizes).toEqual(sizes.toSorted((a, b) => a - b))
  })
})

describe('a lost connection', () => {
  it('makes sent writes unknown and unsent ones certainly not applied', async () => {
    const { client, take, server } = await pair('any-order')
    const answers = Array.from({ length: limits.requestsInFlightMax + 1 }, () =>
      client.request(produceApi, produce(1), 20_000).catch((error: unknown) => error),
    )
    await take(1)
    server()?.destroy()
    const errors = await Promise.all(answers)
    expect(codesOf(errors.slice(0, -1))).toEqual(['CONNECTION_LOST'])
    expect(codesOf(errors.slice(-1))).toEqual(['BROKER_UNAVAILABLE'])
    expect(client.isOpen).toBe(false)
    const late = client.request(produceApi, produce(1), 1_000).catch((error: unknown) => error)
    expect(codesOf([await late])).toEqual(['BROKER_UNAVAILABLE'])
  })

  it('makes a write that never left this process certainly not applied', async () => {
    const { client } = await pair('any-order')
    const answer = client.request(produceApi, produce(1), 1_000).catch((error: unknown) => error)
    client.close()
    expect(['BROKER_UNAVAILABLE', 'CONNECTION_LOST']).toContain(codesOf([await answer])[0])
  })

  it('is told once, after the requests have failed', async () => {
    const closes: unknown[] = []
    const { take, server, client } = await pair('any-order', (error) => closes.push(error))
    const answer = client.request(produceApi, produce(1), 1_000).catch((error: unknown) => error)
    await take(1)
    server()?.destroy()
    await answer
    expect(closes.length).toBe(1)
  })

  it('fails the handshake with applied no when nobody listens', async () => {
    const listener = await tcp.listen(loopback, () => noEvents)
    await listener.close()
    const error = await open(listener.address.port, 'in-order').catch((thrown: unknown) => thrown)
    expect(codesOf([error])).toEqual(['BROKER_UNAVAILABLE'])
  })

  it('fails the handshake in time when nobody answers', async () => {
    const listener = await tcp.listen(loopback, (connection) => {
      cleanups.push(() => connection.destroy())
      return noEvents
    })
    cleanups.push(() => listener.close())
    const opening = BrokerConnection.open({
      ...options(listener.address.port),
      handshakeTimeoutMs: 1,
    })
    await expect(opening).rejects.toThrow('did not answer in time')
  })
})

describe('a deadline', () => {
  it('makes a sent write unknown, drops its late answer and keeps the connection', async () => {
    const { client, take } = await pair('any-order')
    const late = client.request(produceApi, produce(1), 1).catch((error: unknown) => error)
    const [exchange] = await take(1)
    expect(codesOf([await late])).toEqual(['TIMED_OUT'])
    expect(client.inFlightCount).toBe(1)
    exchange?.respond(produced(1))
    const next = client.request(produceApi, produce(2), 5_000)
    const [second] = await take(1)
    second?.respond(produced(2))
    expect(offsetOf(await next)).toBe(2)
    expect(client.inFlightCount).toBe(0)
  })

  it('removes a waiting request, which then is never sent', async () => {
    const { client, take } = await pair('any-order')
    const held = Array.from({ length: limits.requestsInFlightMax }, () =>
      client.request(produceApi, produce(1), 20_000),
    )
    const waiting = client.request(produceApi, produce(2), 1).catch((error: unknown) => error)
    expect(codesOf([await waiting])).toEqual(['BROKER_UNAVAILABLE'])
    for (const exchange of await take(held.length)) exchange.respond(produced(1))
    await Promise.all(held)
    expect(client.inFlightCount + client.queuedCount).toBe(0)
  })
})

describe('a queue of requests', () => {
  it('has room again for each that has waited too long', async () => {
    const { client, take } = await pair('any-order')
    const held = Array.from({ length: limits.requestsInFlightMax }, () =>
      client.request(produceApi, produce(1), 20_000),
    )
    const submit = (timeoutMs: number) => client.request(produceApi, produce(2), timeoutMs)
    const patient = submit(20_000)
    const impatient = Array.from({ length: limits.requestsQueuedMax - 1 }, () =>
      submit(1).catch((error: unknown) => error),
    )
    const refused = await submit(20_000).catch((error: unknown) => error)
    expect(codesOf([refused])).toEqual(['BUSY'])
    expect(codesOf(await Promise.all(impatient))).toEqual(['BROKER_UNAVAILABLE'])
    expect(client.queuedCount).toBe(1)
    const late = submit(20_000)
    for (const exchange of await take(held.length)) exchange.respond(produced(1))
    const [first, second] = await take(2)
    first?.respond(produced(7))
    second?.respond(produced(8))
    expect([offsetOf(await patient), offsetOf(await late)]).toEqual([7, 8])
    await Promise.all(held)
  })
})

describe('the server', () => {
  it('answers ApiVersions of an unknown version in v0 with UNSUPPORTED_VERSION', async () => {
    const socket = await rawClient()
    socket.write(
      Buffer.from('0000000f' + '00120004' + '0000002a' + '0001' + '61' + '0000' + '0000', 'hex'),
    )
    const answer = await bytesOf(socket, 4 + 4 + 2 + 4 + 2 * 6)
    expect(answer.readInt32BE(4)).toBe(42)
    expect(answer.readInt16BE(8)).toBe(35)
    expect(answer.readInt32BE(10)).toBe(2)
    expect(answer.subarray(14, 20).toString('hex')).toBe('001200000003')
  })

  it('closes on an unknown API, a malformed body and a lying length', async () => {
    const frames = [
      '0000000a00330001000000010000',
      '0000000a0000000900000001ffff',
      '7fffffff00',
      '00010001',
    ]
    for (const hex of frames) {
      const socket = await rawClient()
      socket.write(Buffer.from(hex, 'hex'))
      await new Promise((resolve) => socket.on('close', resolve))
    }
  })

  it('takes large frames only after the handshake', async () => {
    const socket = await rawClient()
    const prefix = Buffer.alloc(4)
    prefix.writeInt32BE(limits.frameBytesBeforeHandshakeMax + 1)
    socket.write(prefix)
    await new Promise((resolve) => socket.on('close', resolve))
  })
})

/** A client and a server that only know Produce; `take` waits for that many requests. */
async function pair(answerOrder: AnswerOrder, onClose?: (error: Error | null) => void) {
  const exchanges: Produced[] = []
  let arrived = () => {}
  let server: ServerConnection | null = null
  const router = new RequestRouter().on(produceApi, (_, exchange) => {
    exchanges.push(exchange)
    arrived()
  })
  const listener = await tcp.listen(loopback, (connection) => {
    const accepted = ServerConnection.accept(connection, { router })
    server = accepted.server
    cleanups.push(() => accepted.server.destroy())
    return accepted.events
  })
  cleanups.push(() => listener.close())
  const client = await open(listener.address.port, answerOrder, onClose)
  const take = async (count: number): Promise<Produced[]> => {
    while (exchanges.length < count) {
      await new Promise<void>((resolve) => {
        arrived = resolve
      })
    }
    return exchanges.splice(0, count)
  }
  return { client, take, server: (): ServerConnection | null => server }
}

function options(port: number) {
  const address = { host: '127.0.0.1', port }
  return {
    network: tcp,
    clock: systemClock,
    address,
    clientId: 'test',
    handshakeTimeoutMs: 5_000,
    answerOrder: 'any-order' as const,
  }
}

async function open(
  port: number,
  answerOrder: AnswerOrder,
  onClose: (error: Error | null) => void = () => {},
): Promise<BrokerConnection> {
  const client = await BrokerConnection.open({ ...options(port), answerOrder, onClose })
  cleanups.push(() => client.close())
  return client
}

async function rawClient(): Promise<Socket> {
  const router = new RequestRouter().on(produceApi, () => {})
  const listener = await tcp.listen(
    loopback,
    (connection) => ServerConnection.accept(connection, { router }).events,
  )
  const socket = connect(listener.address.port, '127.0.0.1')
  cleanups.push(
    () => listener.close(),
    () => socket.destroy(),
  )
  return socket
}

function bytesOf(socket: Socket, count: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  return new Promise((resolve, reject) => {
    socket.on('close', () => reject(new Error('closed early')))
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      const bytes = Buffer.concat(chunks)
      if (bytes.length >= count) resolve(bytes)
    })
  })
}

function produce(size: number) {
  const partitions = [{ index: 0, records: Buffer.alloc(size) }]
  return { transactionalId: null, acks: -1, timeoutMs: 1_000, topics: [{ name: 't', partitions }] }
}

function produced(baseOffset: number): ResponseInputOf<typeof produceApi> {
  const partitions = [{ index: 0, errorCode: 0, baseOffset, logAppendTimeMs: -1 }]
  return { topics: [{ name: 't', partitions }], throttleTimeMs: 0 }
}

function offsetOf(response: ResponseInputOf<typeof produceApi>): number {
  return response.topics[0]?.partitions[0]?.baseOffset ?? -1
}

const listOffsets = { replicaId: -1, topics: [] }
const noEvents = { onData: () => {}, onDrain: () => {}, onClose: () => {} }

function codesOf(errors: readonly unknown[]): string[] {
  return [
    ...new Set(errors.map((error) => (error instanceof BusError ? error.code : String(error)))),
  ]
}
