import { timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { StartError } from '../start-error.ts'
import { type MemberStatus, ROLES, type Role } from './member.ts'

/** What the `courant cluster` commands may ask of the supervisor. */
export interface Orders {
  status(): Promise<readonly MemberStatus[]>
  restart(role: Role, id: number): Promise<MemberStatus>
  stop(role: Role, id: number): Promise<MemberStatus>
  add(role: Role): Promise<MemberStatus>
}

const HOST = '127.0.0.1'
const ORDER = /^POST \/processes\/([a-z-]+)(?:\/(\d{1,3})\/(restart|stop))?$/

/**
 * Takes orders over HTTP on loopback, since sockets in a directory can have short names only and
 * Node has none on Windows. `GET /processes`, `POST /processes/{role}` adds one, `POST
 * /processes/{role}/{id}/restart` and `…/stop`, `POST /stop` for all. An answer comes when it is
 * done: the status as JSON, or `detail`, a sentence that says what is wrong.
 */
export class ControlServer {
  readonly url: string
  readonly #server: Server
  readonly #token: Buffer
  readonly #requestStop: () => void
  /** Answered once everything has stopped. */
  readonly #waitingForStop: ServerResponse[] = []
  #orders: Orders | null = null

  private constructor(port: number, token: string, requestStop: () => void) {
    this.url = `http://${HOST}:${port}`
    this.#token = Buffer.from(`Bearer ${token}`)
    this.#requestStop = requestStop
    this.#server = createServer((request, response) => {
      request.resume()
      void this.#answer(request, response)
    })
  }

  /** `token` is known to who can read cluster.json and to nobody else: any user reaches a port. */
  static async start(port: number, token: string, requestStop: () => void): Promise<ControlServer> {
    const control = new ControlServer(port, token, requestStop)
    await new Promise<void>((resolve, reject) => {
      control.#server.once('error', reject)
      control.#server.listen(port, HOST, resolve)
    })
    return control
  }

  /** Before this, every order is refused. */
  take(orders: Orders): void {
    this.#orders = orders
  }

  async stop(): Promise<void> {
    for (const response of this.#waitingForStop) send(response, 200, {})
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.#server.closeIdleConnections()
    await closed
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const order = `${request.method} ${request.url}`
    if (!this.#knowsToken(request)) {
      return send(response, 401, { detail: 'The token of cluster.json is needed.' })
    }
    if (order === 'POST /stop') {
      this.#waitingForStop.push(response)
      return this.#requestStop()
    }
    try {
      const result = await this.#follow(order)
      if (result !== null) send(response, 200, result)
      else send(response, 404, { detail: `The supervisor does not know ${order}.` })
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error)
      send(response, error instanceof StartError ? 409 : 500, { detail })
    }
  }

  /** Null where the order is none of ours. */
  async #follow(order: string): Promise<unknown> {
    const orders = this.#orders
    if (orders === null) throw new StartError('The cluster is still starting.')
    if (order === 'GET /processes') return { processes: await orders.status() }
    const [, name, id, action] = ORDER.exec(order) ?? []
    const role = ROLES.find((candidate) => candidate === name)
    if (role === undefined) return null
    if (id === undefined) return await orders.add(role)
    return action === 'stop'
      ? await orders.stop(role, Number(id))
      : await orders.restart(role, Number(id))
  }

  #knowsToken({ headers }: IncomingMessage): boolean {
    const given = Buffer.from(headers.authorization ?? '')
    return given.length === this.#token.length && timingSafeEqual(given, this.#token)
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' })
  response.end(`${JSON.stringify(body)}\n`)
}
