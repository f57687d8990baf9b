/**
 * The Network port over TCP.
 *
 * Writes of one turn of the event loop leave together: they gather in an array and go to the socket
 * in the check phase, so that a gateway which served a hundred requests in one poll makes one
 * system call and not a hundred. An idle loop reaches that phase at once, so a lone frame is not
 * held up.
 */
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { Address, Connection, ConnectionEvents, Listener, Network } from '@courant/kernel'
import { assert, giveBack } from '@courant/kernel'
import { SocketConnection } from './socket-connection.ts'

/** A peer that vanished without a FIN is noticed by probes that begin after this much silence. */
const KEEP_ALIVE_MS = 30_000
const READ_BYTES = 256 * 1024
const SLAB_BYTES = 1024 * 1024

/** TCP without Nagle's delay. */
export const nodeNetwork: Network = { connect: open, listen }

function open(
  address: Address,
  events: (connection: Connection) => ConnectionEvents,
): SocketConnection {
  const slab = new ReadSlab()
  const socket = connect({
    host: address.host,
    port: address.port,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_MS,
    onread: {
      buffer: () => slab.window(),
      callback(length) {
        connection.receive(slab.take(length))
        return true
      },
    },
  })
  const connection = new SocketConnection(socket, `${address.host}:${address.port}`)
  const handlers = events(connection)
  slab.use = handlers.dataUse ?? 'kept'
  connection.begin(handlers)
  return connection
}

function listen(
  address: Address,
  accept: (connection: Connection) => ConnectionEvents,
): Promise<Listener> {
  const server = createServer({
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_MS,
  })
  server.on('connection', (socket: Socket) => {
    const connection = new SocketConnection(
      socket,
      `${socket.remoteAddress ?? 'unknown'}:${socket.remotePort ?? 0}`,
    )
    const events = accept(connection)
    socket.on('data', (bytes: Buffer) => {
      connection.receive(bytes)
      // Of an accepted socket, node allocates for each read: `onread` is for clients only.
      if (events.dataUse === 'borrowed') giveBack(bytes)
    })
    connection.begin(events)
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(address.port, address.host, () => {
      server.removeListener('error', reject)
      resolve({ address: boundAddress(server, address.host), close: () => closeServer(server) })
    })
  })
}

function boundAddress(server: Server, host: string): Address {
  const bound = server.address()
  assert(bound !== null && typeof bound === 'object', 'a TCP server is bound to a port')
  return { host, port: bound.port }
}

/**
 * `Server.close` reports when the last connection has ended; a listener only has to stop accepting.
 */
function closeServer(server: Server): Promise<void> {
  server.close()
  return Promise.resolve()
}

/**
 * Memory to read into: windows of one large buffer, each handed out once. An allocation per read
 * costs more than the read of a small frame. What is kept of a window pins its slab, which the
 * port allows: the bytes are never overwritten. What is borrowed leaves its window to the next.
 */
class ReadSlab {
  use: 'kept' | 'borrowed' = 'kept'
  #slab = Buffer.allocUnsafeSlow(SLAB_BYTES)
  #used = 0

  window(): Buffer {
    if (this.#slab.length - this.#used < READ_BYTES) {
      this.#slab = Buffer.allocUnsafeSlow(SLAB_BYTES)
      this.#used = 0
    }
    return this.#slab.subarray(this.#used, this.#used + READ_BYTES)
  }

  take(length: number): Buffer {
    const bytes = this.#slab.subarray(this.#used, this.#used + length)
    if (this.use === 'kept') this.#used += length
    return bytes
  }
}
