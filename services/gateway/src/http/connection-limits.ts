import type { IncomingMessage, Server } from 'node:http'
import { limits } from '@courant/kernel'

/**
 * Bounds the open connections, in all and of one address. What is beyond is closed at once: to
 * answer it would cost what the bound is there to save.
 */
export function limitConnections(server: Server): void {
  server.maxConnections = limits.connectionsMax
  const open = new Map<string, number>()
  server.on('connection', (socket: IncomingMessage['socket']) => {
    const address = socket.remoteAddress ?? ''
    const count = (open.get(address) ?? 0) + 1
    open.set(address, count)
    socket.once('close', () => {
      const left = (open.get(address) ?? 1) - 1
      if (left === 0) open.delete(address)
      else open.set(address, left)
    })
    if (count > limits.connectionsPerAddressMax) socket.destroy()
  })
}
