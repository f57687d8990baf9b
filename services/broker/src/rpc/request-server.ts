import { RequestBudget, type RequestRouter, ServerConnection } from '@courant/kafka-protocol'
import {
  type Address,
  type Clock,
  type Connection,
  type ConnectionEvents,
  type Listener,
  limits,
  type Network,
  type Timer,
  wait,
} from '@courant/kernel'
import type { Logger } from '@courant/service-kit'

export interface RequestServerParts {
  readonly network: Network
  readonly clock: Clock
  readonly log: Logger
  readonly router: RequestRouter
}

/** How long clients get to take the answers that they are owed when the broker stops. */
const DRAIN_MS_MAX = 5_000
/** A new connection gets a whole interval between two looks. */
const NEVER_LOOKED = -1

/**
 * The listener and its connections. It refuses connections beyond the limit, and ends those that
 * have neither asked anything nor been owed an answer for a while: one timer looks at them all.
 */
export class RequestServer {
  readonly #parts: RequestServerParts
  readonly #budget = new RequestBudget()
  /** With the count of requests at the last look. */
  readonly #connections = new Map<ServerConnection, number>()
  #listener: Listener | null = null
  #timer: Timer | null = null
  #refusedCount = 0
  #whenEmpty = new AbortController()

  constructor(parts: RequestServerParts) {
    this.#parts = parts
  }

  get connectionCount(): number {
    return this.#connections.size
  }

  get refusedCount(): number {
    return this.#refusedCount
  }

  /** Bytes of requests that are not answered yet. */
  get unansweredBytes(): number {
    return this.#budget.bytes
  }

  async listen(address: Address): Promise<Address> {
    this.#listener = await this.#parts.network.listen(address, (peer) => this.#accept(peer))
    this.#scheduleLook()
    return this.#listener.address
  }

  /** Takes no further connection. */
  async stopAccepting(): Promise<void> {
    this.#timer?.cancel()
    await this.#listener?.close()
  }

  /** Answers what has been read, reads no more, and closes. */
  async drain(): Promise<void> {
    for (const connection of [...this.#connections.keys()]) connection.drain()
    if (this.#connections.size > 0) {
      this.#whenEmpty = new AbortController()
      await wait(this.#parts.clock, DRAIN_MS_MAX, this.#whenEmpty.signal)
    }
    for (const connection of [...this.#connections.keys()]) connection.destroy()
  }

  #accept(peer: Connection): ConnectionEvents {
    if (this.#connections.size >= limits.brokerConnectionsMax) {
      this.#refusedCount += 1
      peer.destroy()
      return REFUSED
    }
    const { router, log } = this.#parts
    const { server, events } = ServerConnection.accept(peer, {
      router,
      budget: this.#budget,
      onClose: (error) => {
        this.#connections.delete(server)
        if (this.#connections.size === 0) this.#whenEmpty.abort()
        if (error !== null) log.debug({ err: error, peer: peer.remoteAddress }, 'connection lost')
      },
    })
    this.#connections.set(server, NEVER_LOOKED)
    return events
  }

  #scheduleLook(): void {
    const halfMs = limits.connectionIdleMsMax / 2
    this.#timer = this.#parts.clock.setTimer(halfMs, () => {
      this.#endIdle()
      this.#scheduleLook()
    })
  }

  #endIdle(): void {
    for (const [connection, countBefore] of [...this.#connections]) {
      const { receivedCount, unansweredCount } = connection
      if (receivedCount === countBefore && unansweredCount === 0) connection.destroy()
      else this.#connections.set(connection, receivedCount)
    }
  }
}

const REFUSED: ConnectionEvents = { onData: () => {}, onDrain: () => {}, onClose: () => {} }
