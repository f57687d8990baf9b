/** Which connections the server takes, and which it ends, on a network and a clock of the test. */
import { RequestRouter } from '@courant/kafka-protocol'
import {
  type Address,
  type Clock,
  type Connection,
  type ConnectionEvents,
  limits,
  type Network,
} from '@courant/kernel'
import { createLogger } from '@courant/service-kit'
import { describe, expect, it } from 'vitest'
import { RequestServer } from './request-server.ts'

const ADDRESS: Address = { host: 'broker', port: 1 }

describe('RequestServer', () => {
  it('refuses connections beyond the limit, and takes one when another has gone', async () => {
    const { server, connect } = await start()
    const peers = Array.from({ length: limits.brokerConnectionsMax }, () => connect())
    expect(server.connectionCount).toBe(limits.brokerConnectionsMax)
    expect(connect().isDestroyed).toBe(true)
    expect(server.refusedCount).toBe(1)
    peers[0]?.destroy()
    expect(connect().isDestroyed).toBe(false)
    expect(server.connectionCount).toBe(limits.brokerConnectionsMax)
  })

  it('ends connections that ask nothing, and no others', async () => {
    const { server, connect, pass } = await start()
    const silent = connect()
    const busy = connect()
    const half = limits.connectionIdleMsMax / 2
    pass(half)
    busy.ask()
    expect([silent.isDestroyed, busy.isDestroyed]).toEqual([false, false])
    pass(half)
    expect([silent.isDestroyed, busy.isDestroyed]).toEqual([true, false])
    expect(server.connectionCount).toBe(1)
    pass(half)
    expect(busy.isDestroyed).toBe(true)
  })

  it('drains: asks connections to end, and destroys those that do not', async () => {
    const { server, connect, pass } = await start()
    const obedient = connect()
    const stubborn = connect()
    stubborn.endsWhenAsked = false
    const drained = server.drain()
    expect([obedient.isDestroyed, stubborn.isDestroyed]).toEqual([true, false])
    pass(60_000)
    await drained
    expect(stubborn.isDestroyed).toBe(true)
  })
})

async function start() {
  const clock = new ManualClock()
  let accept: ((connection: Connection) => ConnectionEvents) | null = null
  const network: Network = {
    connect: () => {
      throw new Error('a server does not connect')
    },
    listen: async (address, onConnection) => {
      accept = onConnection
      return { address, close: async () => undefined }
    },
  }
  const log = createLogger({ name: 'test', level: 'silent' })
  const server = new RequestServer({ network, clock, log, router: new RequestRouter() })
  await server.listen(ADDRESS)
  return {
    server,
    connect: () => new Peer((connection) => accept?.(connection)),
    pass: (ms: number) => clock.pass(ms),
  }
}

class Peer implements Connection {
  readonly remoteAddress = 'peer'
  isDestroyed = false
  endsWhenAsked = true
  readonly #events: ConnectionEvents | undefined

  constructor(accept: (connection: Connection) => ConnectionEvents | undefined) {
    this.#events = accept(this)
  }

  /** ApiVersions v0. */
  ask(): void {
    this.#events?.onData(Buffer.from([0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 0xff, 0xff]))
  }

  write(): boolean {
    return true
  }
  pause(): void {}
  resume(): void {}

  end(): void {
    if (this.endsWhenAsked) this.destroy()
  }

  destroy(): void {
    if (this.isDestroyed) return
    this.isDestroyed = true
    this.#events?.onClose(null)
  }
}

class ManualClock implements Clock {
  #nowMs = 0
  #timers: { readonly atMs: number; readonly callback: () => void }[] = []

  now(): number {
    return this.#nowMs
  }

  monotonicMs(): number {
    return this.#nowMs
  }

  setTimer(delayMs: number, callback: () => void) {
    const timer = { atMs: this.#nowMs + delayMs, callback }
    this.#timers.push(timer)
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== timer)
      },
    }
  }

  pass(ms: number): void {
    this.#nowMs += ms
    const due = this.#timers.filter(({ atMs }) => atMs <= this.#nowMs)
    this.#timers = this.#timers.filter(({ atMs }) => atMs > this.#nowMs)
    for (const { callback } of due) callback()
  }
}
