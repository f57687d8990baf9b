/**
 * Flow control of the server's end, driven through a scripted implementation of the Connection
 * port: real sockets would decide for themselves when they are full.
 */
import { type Connection, limits } from '@courant/kernel'
import { describe, expect, it } from 'vitest'
import type { ResponseInputOf } from './api.ts'
import type { Exchange } from './exchange.ts'
import { produceApi } from './messages/produce.ts'
import { RequestBudget } from './request-budget.ts'
import { RequestRouter } from './request-router.ts'
import { ServerConnection } from './server-connection.ts'
import { WireWriter } from './wire-writer.ts'

const LONG_NAME = 'x'.repeat(32_000)

describe('ServerConnection', () => {
  it('hands over no more requests than the bound, then as many as are answered', async () => {
    const peer = new ScriptedPeer()
    peer.send(limits.requestsInFlightMax + 10)
    expect(peer.handled.length).toBe(limits.requestsInFlightMax)
    expect(peer.flow).toBe('paused')
    peer.answer(4)
    expect(peer.handled.length).toBe(limits.requestsInFlightMax)
    peer.answer(6)
    expect(peer.handled.length).toBe(limits.requestsInFlightMax)
    expect(peer.flow).toBe('paused')
    peer.answer(1)
    expect(peer.flow).toBe('reading')
  })

  it('counts an answer that waits for its turn: a slow first request bounds those behind it', () => {
    const peer = new ScriptedPeer()
    peer.send(1)
    const [slow] = peer.handled.splice(0)
    peer.send(limits.requestsInFlightMax * 2)
    peer.answer(limits.requestsInFlightMax)
    expect(peer.handled.length).toBe(0)
    expect(peer.server.unansweredCount).toBe(limits.requestsInFlightMax)
    slow?.respond({ topics: [], throttleTimeMs: 0 })
    expect(peer.handled.length).toBe(limits.requestsInFlightMax)
  })

  it('lets large answers be prepared only for the next in turn once enough are held', () => {
    const peer = new ScriptedPeer()
    peer.send(4)
    const [first, second, third, fourth] = peer.handled.splice(0)
    let told = 0
    peer.server.whenTaken(() => {
      told += 1
    })
    expect(fourth?.isTaken).toBe(true)
    third?.respond({ topics: [], throttleTimeMs: 0 }, 64 * 1024 * 1024)
    expect([first?.isTaken, second?.isTaken, fourth?.isTaken]).toEqual([true, false, false])
    first?.respond({ topics: [], throttleTimeMs: 0 })
    expect([second?.isTaken, fourth?.isTaken]).toEqual([true, false])
    second?.respond({ topics: [], throttleTimeMs: 0 })
    expect([fourth?.isTaken, told]).toEqual([true, 1])
  })

  it('bounds the bytes of all connections together, and lets each go on in its turn', async () => {
    const budget = new RequestBudget(10_000)
    const peers = [1, 2, 3].map(() => new ScriptedPeer(budget))
    const [greedy, modest, late] = peers
    const handled = () => peers.map((peer) => peer.handled.length)
    greedy?.send(20, 4_000)
    modest?.send(1, 4_000)
    late?.send(1, 4_000)
    expect(handled()).toEqual([3, 0, 0])
    expect(peers.map(({ flow }) => flow)).toEqual(['paused', 'paused', 'paused'])
    greedy?.answer(3)
    await Promise.resolve()
    expect(handled()).toEqual([3, 0, 0])
    greedy?.answer(3)
    await Promise.resolve()
    expect(handled()).toEqual([1, 1, 1])
    greedy?.events.onClose(null)
    await Promise.resolve()
    expect([modest?.flow, late?.flow]).toEqual(['reading', 'reading'])
    modest?.answer(1)
    late?.answer(1)
    expect(budget.bytes).toBe(0)
  })

  it('bounds the memory for requests that are still arriving, of all connections together', () => {
    const budget = new RequestBudget(limits.requestBytesInFlightTotalMax, 100_000)
    const peers = [1, 2, 3].map(() => new ScriptedPeer(budget))
    const [first, second, third] = peers
    const states = () => peers.map(({ state }) => state)
    first?.sendBeginning(90_000, 80_000)
    second?.sendBeginning(90_000, 5_000)
    expect(states()).toEqual(['open', 'destroyed', 'open'])
    third?.sendBeginning(90_000, 2_000)
    expect(states()).toEqual(['open', 'destroyed', 'open'])
    first?.events.onClose(null)
    third?.sendRest()
    expect(third?.handled.length).toBe(1)
    third?.sendBeginning(90_000, 80_000)
    expect(states()).toEqual(['open', 'destroyed', 'open'])
  })

  it('bounds the bytes of unanswered requests', () => {
    const peer = new ScriptedPeer()
    const size = limits.requestBytesInFlightMax / 4
    for (let index = 0; index < 6; index++) peer.send(1, size)
    expect(peer.handled.length).toBe(4)
    expect(peer.flow).toBe('paused')
  })

  it('hands nothing over while the client does not take its answers', async () => {
    const peer = new ScriptedPeer()
    peer.acceptsWrites = false
    peer.send(1)
    peer.answer(1)
    await Promise.resolve()
    expect(peer.flow).toBe('paused')
    peer.send(3)
    expect(peer.handled.length).toBe(0)
    peer.acceptsWrites = true
    peer.events.onDrain()
    expect(peer.handled.length).toBe(3)
    expect(peer.flow).toBe('reading')
  })

  it('writes the answers of one turn together', async () => {
    const peer = new ScriptedPeer()
    peer.send(20)
    peer.answer(20)
    await Promise.resolve()
    expect(peer.writes).toBe(1)
  })

  it('gives up a client whose waiting answer is too large when its turn comes', () => {
    const peer = new ScriptedPeer()
    peer.send(2)
    const [first, second] = peer.handled
    const names = Array.from({ length: limits.frameBytesMax / 32_000 + 1 }, () => LONG_NAME)
    second?.respond({ topics: names.map((name) => ({ name, partitions: [] })), throttleTimeMs: 0 })
    expect(peer.state).toBe('open')
    peer.server.shookHands(true)
    expect(peer.state).toBe('destroyed')
    first?.respond({ topics: [], throttleTimeMs: 0 })
    expect(peer.writes).toBe(0)
  })

  it('drains: answers what it has read, reads no more, then ends', async () => {
    const peer = new ScriptedPeer()
    peer.send(2)
    peer.server.drain()
    peer.send(1)
    expect(peer.state).toBe('open')
    peer.answer(2)
    await Promise.resolve()
    expect(peer.handled.length).toBe(0)
    expect(peer.state).toBe('ended')
    expect(peer.writes).toBe(1)
  })

  it('ignores answers for a client that is gone', () => {
    const peer = new ScriptedPeer()
    peer.send(1)
    const [exchange] = peer.handled
    peer.events.onClose(null)
    peer.answer(1)
    expect(exchange?.peer.isOpen).toBe(false)
    expect(peer.writes).toBe(0)
  })
})

/** The network's side of one connection. */
class ScriptedPeer {
  readonly handled: Exchange<ResponseInputOf<typeof produceApi>>[] = []
  readonly server: ServerConnection
  readonly events: ReturnType<typeof ServerConnection.accept>['events']
  acceptsWrites = true
  writes = 0
  flow: 'reading' | 'paused' = 'reading'
  state: 'open' | 'ended' | 'destroyed' = 'open'
  #correlationId = 0
  #rest: Buffer = Buffer.alloc(0)

  constructor(budget = new RequestBudget()) {
    const connection: Connection = {
      remoteAddress: 'script',
      write: () => {
        this.writes += 1
        return this.acceptsWrites
      },
      pause: () => {
        this.flow = 'paused'
      },
      resume: () => {
        this.flow = 'reading'
      },
      end: () => {
        this.state = 'ended'
      },
      destroy: () => {
        this.state = 'destroyed'
      },
    }
    const router = new RequestRouter().on(produceApi, (_, exchange) => {
      this.handled.push(exchange)
    })
    const accepted = ServerConnection.accept(connection, { router, budget })
    this.server = accepted.server
    this.events = accepted.events
    this.server.shookHands(false)
  }

  /** Requests in one chunk, as one read of a socket would yield them. */
  send(count: number, recordsSize = 0): void {
    this.#lend(this.#requests(count, recordsSize))
  }

  /** The first bytes of one request. */
  sendBeginning(recordsSize: number, bytes: number): void {
    const request = this.#requests(1, recordsSize)
    this.#rest = request.subarray(bytes)
    this.#lend(request.subarray(0, bytes))
  }

  sendRest(): void {
    this.#lend(this.#rest)
  }

  answer(count: number): void {
    for (const exchange of this.handled.splice(0, count)) {
      exchange.respond({ topics: [], throttleTimeMs: 0 })
    }
  }

  /** Chunks are lent: afterwards something else is there. */
  #lend(chunk: Buffer): void {
    this.events.onData(chunk)
    chunk.fill(0xff)
  }

  #requests(count: number, recordsSize: number): Buffer {
    const writer = new WireWriter()
    for (let index = 0; index < count; index++)
      writer.frame(() => this.#request(writer, recordsSize))
    return Buffer.concat(writer.take())
  }

  #request(writer: WireWriter, recordsSize: number): void {
    writer.int16(produceApi.key)
    writer.int16(3)
    writer.int32(this.#correlationId++)
    writer.nullableString(null)
    const partitions = [{ index: 0, records: Buffer.alloc(recordsSize) }]
    const topics = [{ name: 't', partitions }]
    produceApi.encodeRequest(writer, 3, { transactionalId: null, acks: 1, timeoutMs: 0, topics })
  }
}
