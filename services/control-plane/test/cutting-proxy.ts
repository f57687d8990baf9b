import { connect, createServer, type Server, type Socket } from 'node:net'

/** A simple query of PostgreSQL's protocol: 'Q', its length, the text with a NUL. */
const COMMIT = Buffer.from('Q\0\0\0\u000bCOMMIT\0', 'latin1')

/** In the last statement of every change of metadata. */
const CHANGE = 'record_changes'

/**
 * Between a control plane and its PostgreSQL. On demand it forwards the COMMIT of the next change,
 * waits until the server has answered it, and then cuts the connection instead of handing the
 * answer on.
 */
export class CuttingProxy {
  readonly url: string
  /** Connections that were cut. */
  cuts = 0
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  /** What the transaction says whose COMMIT is cut; null for none. */
  #armedFor: string | null = null

  private constructor(server: Server, url: string) {
    this.#server = server
    this.url = url
  }

  /** `url` leads to a server that listens on a socket file. */
  static async start(url: string): Promise<CuttingProxy> {
    const parsed = new URL(url)
    const path = `${parsed.searchParams.get('host')}/.s.PGSQL.5432`
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : 0
    const user = parsed.searchParams.get('user')
    const proxy = new CuttingProxy(server, `postgres://${user}@127.0.0.1:${port}${parsed.pathname}`)
    server.on('connection', (client) => proxy.#serve(client, connect(path)))
    return proxy
  }

  /** Of the metadata, or of what the statement names. */
  cutAtNextChange(statement = CHANGE): void {
    this.#armedFor = statement
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #serve(client: Socket, server: Socket): void {
    let isChange = false
    let cutsAtAnswer = false
    for (const socket of [client, server]) {
      this.#sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        this.#sockets.delete(socket)
        client.destroy()
        server.destroy()
      })
    }
    client.on('data', (bytes: Buffer) => {
      isChange ||= this.#armedFor !== null && bytes.includes(this.#armedFor)
      if (isChange && bytes.includes(COMMIT)) {
        this.#armedFor = null
        cutsAtAnswer = true
      }
      if (bytes.includes(COMMIT)) isChange = false
      server.write(bytes)
    })
    server.on('data', (bytes: Buffer) => {
      if (!cutsAtAnswer) return client.write(bytes)
      this.cuts += 1
      client.destroy()
      return true
    })
  }
}
