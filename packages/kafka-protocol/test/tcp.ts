import { connect, createServer, type Socket } from 'node:net'
import type { Address, Connection, ConnectionEvents, Listener, Network } from '@courant/kernel'

/**
 * The Network port over plain sockets, for this package's tests only: the production adapter lies
 * in a package that this one may not import.
 */
export const tcp: Network = {
  connect(address, events) {
    return attach(connect(address.port, address.host), events)
  },
  listen(address, accept) {
    const server = createServer((socket) => attach(socket, accept))
    return new Promise<Listener>((resolve) => {
      server.listen(address.port, address.host, () => {
        const bound = server.address()
        const port = typeof bound === 'object' && bound !== null ? bound.port : 0
        const closed = () => new Promise<void>((done) => server.close(() => done()))
        resolve({ address: { host: address.host, port }, close: closed })
      })
    })
  },
}

export const loopback: Address = { host: '127.0.0.1', port: 0 }

function attach(socket: Socket, accept: (connection: Connection) => ConnectionEvents): Connection {
  let failure: Error | null = null
  const connection: Connection = {
    remoteAddress: socket.remoteAddress ?? '',
    write: (chunks) => socket.write(Buffer.concat(chunks)),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    end: () => socket.end(),
    destroy: () => socket.destroy(),
  }
  const events = accept(connection)
  socket.setNoDelay(true)
  socket.on('data', (bytes: Buffer) => events.onData(bytes))
  socket.on('drain', () => events.onDrain())
  socket.on('error', (error) => {
    failure = error
  })
  socket.on('close', () => events.onClose(failure))
  return connection
}
