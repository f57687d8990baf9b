import type { Address, Connection, ConnectionEvents, Listener, Network } from '@courant/kernel'
import type { Death, SimProcess } from '../machine/sim-process.ts'
import type { Links } from './links.ts'
import { SimConnection } from './sim-connection.ts'
import { Wire } from './wire.ts'

type Accept = (connection: Connection) => ConnectionEvents

interface Listening {
  readonly process: SimProcess
  readonly accept: Accept
}

const CONNECT_RETRY_MS = 1_000
const CONNECT_TRIES = 20
/** An end whose packets are stuck gives up after something between these. */
const PATIENCE_MS_MIN = 4_000
const PATIENCE_MS_MAX = 40_000
/** Keep-alive probes find out that a machine without power is gone. */
const HALF_OPEN_MS_MAX = 40_000
const HALF_OPEN_LOOK_MS = 500

/**
 * TCP between simulated processes, as the kernel port has it: ordered streams that break. Within a
 * stream nothing is reordered or repeated, because TCP does not; requests overtake each other on
 * different connections, and a connection may break with the request done and the answer lost.
 */
export class SimNetwork {
  readonly #links: Links
  readonly #listening = new Map<string, Listening>()
  readonly #connections = new Map<SimProcess, Set<SimConnection>>()

  constructor(links: Links) {
    this.#links = links
  }

  portOf(process: SimProcess): Network {
    process.onDeath((how) => this.#died(process, how))
    this.#connections.set(process, new Set())
    return {
      connect: (address, events) => this.#connect(process, address, events),
      listen: async (address, accept) => this.#listen(process, address, accept),
    }
  }

  /** Breaks a share of all connections: both ends hear of it, what is on its way is lost. */
  breakSome(share: number): number {
    let broken = 0
    for (const connections of this.#connections.values()) {
      for (const connection of [...connections]) {
        if (this.#links.random.next() >= share) continue
        broken += 1
        connection.peer?.lost(reset())
        connection.lost(reset())
      }
    }
    return broken
  }

  #listen(process: SimProcess, address: Address, accept: Accept): Listener {
    const name = `${address.host}:${address.port}`
    const listening = { process, accept }
    this.#listening.set(name, listening)
    return {
      address,
      close: async () => {
        if (this.#listening.get(name) === listening) this.#listening.delete(name)
      },
    }
  }

  #connect(
    process: SimProcess,
    address: Address,
    events: (connection: Connection) => ConnectionEvents,
  ): SimConnection {
    const client = this.#make(process, `${address.host}:${address.port}`)
    client.begin(events(client))
    this.#knock(client, address, CONNECT_TRIES)
    return client
  }

  #knock(client: SimConnection, address: Address, tries: number): void {
    const { scheduler } = this.#links
    const { host: from } = client.process
    const { host: to } = address
    scheduler.at(this.#links.delayMs(from, to), null, () => {
      if (client.isClosed) return
      const isOpen = !this.#links.isBlocked(from, to) && !this.#links.isBlocked(to, from)
      if (!isOpen || !this.#links.isUp(to)) {
        if (tries === 0) return client.lost(new Error('ETIMEDOUT'))
        scheduler.at(CONNECT_RETRY_MS, null, () => this.#knock(client, address, tries - 1))
        return
      }
      const listening = this.#listening.get(`${to}:${address.port}`)
      if (listening === undefined) return client.lost(new Error('ECONNREFUSED'))
      this.#meet(client, listening)
    })
  }

  #meet(client: SimConnection, { process, accept }: Listening): void {
    const server = this.#make(process, client.process.host)
    const there = this.#wire(client, server)
    const back = this.#wire(server, client)
    // The owner of the server's events first: data must not come before it has accepted.
    process.later(0, () => {
      server.begin(accept(server))
    })
    server.join(client, back, there)
    client.join(server, there, back)
  }

  #wire(from: SimConnection, to: SimConnection): Wire {
    const wire = new Wire(this.#links, from.process.host, to.process.host)
    wire.onStall = () => {
      const { random, scheduler } = this.#links
      const patience = PATIENCE_MS_MIN + random.next() * (PATIENCE_MS_MAX - PATIENCE_MS_MIN)
      scheduler.at(patience, null, () => {
        if (!wire.isStalled || from.isClosed) return
        from.lost(new Error('ETIMEDOUT'))
        from.tellPeer(reset())
      })
    }
    return wire
  }

  #make(process: SimProcess, remote: string): SimConnection {
    const connections = this.#connections.get(process)
    const connection = new SimConnection(process, remote, (gone) => connections?.delete(gone))
    connections?.add(connection)
    return connection
  }

  #died(process: SimProcess, how: Death): void {
    for (const [name, listening] of this.#listening) {
      if (listening.process === process) this.#listening.delete(name)
    }
    const connections = [...(this.#connections.get(process) ?? [])]
    this.#connections.delete(process)
    for (const connection of connections) {
      connection.lost(null)
      if (how !== 'power') connection.tellPeer(reset())
      else if (connection.peer !== null) this.#leaveHalfOpen(connection.peer, process.host)
    }
  }

  /** The other end learns of it when it writes and the machine is back, or by probes. */
  #leaveHalfOpen(end: SimConnection, host: string): void {
    const { scheduler, random } = this.#links
    const isNoticed = (): boolean => end.hasWrittenToNobody && this.#links.isUp(host)
    const look = (leftMs: number): void => {
      if (end.isClosed) return
      if (isNoticed() || leftMs <= 0) end.lost(reset())
      else scheduler.at(HALF_OPEN_LOOK_MS, null, () => look(leftMs - HALF_OPEN_LOOK_MS))
    }
    look(random.next() * HALF_OPEN_MS_MAX)
  }
}

function reset(): Error {
  return new Error('ECONNRESET')
}
