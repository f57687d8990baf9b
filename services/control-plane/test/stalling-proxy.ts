import { connect, createServer, type Server, type Socket } from 'node:net'
import type { Address } from '@courant/kernel'

/** Between a watcher and its control plane; on demand it takes nothing from the control plane. */
export class StallingProxy {
  readonly address: Address
  readonly #server: Server
  readonly #upstreams = new Set<Socket>()

  private constructor(server: Server, address: Address) {
    this.#server = server
    this.address = address
  }

  static async start(to: Address): Promise<StallingProxy> {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const bound = server.address()
    const port = typeof bound === 'object' ? (bound?.port ?? 0) : 0
    const proxy = new StallingProxy(server, { host: '127.0.0.1', port })
    server.on('connection', (client) => proxy.#join(client, connect(to.port, to.host)))
    return proxy
  }

  stall(): void {
    for (const upstream of this.#upstreams) upstream.pause()
  }

  goOn(): void {
    for (const upstream of this.#upstreams) upstream.resume()
  }

  async stop(): Promise<void> {
    for (const upstream of this.#upstreams) upstream.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #join(client: Socket, upstream: Socket): void {
    this.#upstreams.add(upstream)
    upstream.on('data', (bytes) => client.write(bytes))
    client.on('data', (bytes) => upstream.write(bytes))
    for (const socket of [client, upstream]) {
      socket.on('error', () => {})
      socket.on('close', () => {
        this.#upstreams.delete(upstream)
        client.destroy()
        upstream.destroy()
      })
    }
  }
}
