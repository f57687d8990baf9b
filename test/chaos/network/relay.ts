import { connect, createServer, type NetConnectOpts, type Server, type Socket } from 'node:net'

/** Hands connections to another place, byte by byte: to a database behind a socket of a file. */
export class Relay {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(target: NetConnectOpts) {
    this.#server = createServer((client) => {
      const upstream = connect(target)
      for (const [socket, other] of [[client, upstream] as const, [upstream, client] as const]) {
        this.#sockets.add(socket)
        socket.on('error', () => other.destroy())
        socket.on('close', () => {
          this.#sockets.delete(socket)
          other.destroy()
        })
        socket.pipe(other)
      }
    })
  }

  static async listen(host: string, port: number, target: NetConnectOpts): Promise<Relay> {
    const relay = new Relay(target)
    await new Promise<void>((resolve, reject) => {
      relay.#server.once('error', reject)
      relay.#server.listen(port, host, resolve)
    })
    return relay
  }

  get port(): number {
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }
}
