import { BusError } from '@courant/kernel'
import type { SimProcess } from '../machine/sim-process.ts'
import type { Links } from './links.ts'
import { Wire } from './wire.ts'

/** How soon somebody learns that a connection is refused or gone. */
const REFUSED_MS = 1

/** Who answers calls on a host, as long as its process lives. */
interface Server<Service> {
  readonly process: SimProcess
  readonly service: Service
}

/**
 * Unary calls and streams between processes, as gRPC has them: in order from one process to one
 * host, with deadlines, and with an unknown outcome when the connection breaks.
 */
export class Calls<Service> {
  readonly #links: Links
  readonly #servers = new Map<string, Server<Service>>()
  /** By the process that sends and whom it sends to: a host of requests, a process of answers. */
  readonly #wires = new Map<SimProcess, Map<string | SimProcess, Wire>>()

  constructor(links: Links) {
    this.#links = links
  }

  serve(process: SimProcess, service: Service): void {
    this.#servers.set(process.host, { process, service })
  }

  /** Rejects with what the server throws, CONTROL_PLANE_UNAVAILABLE, CONNECTION_LOST, TIMED_OUT. */
  call<Answer>(
    from: SimProcess,
    to: string,
    invoke: (service: Service) => Promise<Answer>,
    timeoutMs: number,
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      from.later(timeoutMs, () => reject(new BusError('TIMED_OUT', 'No answer in time.')))
      this.#wire(from, to).send(null, () => {
        const server = this.#alive(to)
        if (server === null) {
          if (this.#links.isUp(to)) from.later(REFUSED_MS, () => reject(unreachable()))
          return
        }
        server.process.onDeath((how) => {
          if (how !== 'power') from.later(REFUSED_MS, () => reject(lost()))
        })
        server.process.later(0, () => {
          const back = this.#wire(server.process, from)
          const answering = async (): Promise<Answer> => invoke(server.service)
          answering().then(
            (answer) => back.send(from, () => resolve(answer)),
            (error: unknown) => back.send(from, () => reject(error)),
          )
        })
      })
    })
  }

  /**
   * What `open` of the server yields, one behind the other. Throws when the stream breaks: the
   * server dies, or nothing gets through for `patienceMs`.
   */
  async *stream<Item>(
    from: SimProcess,
    to: string,
    open: (service: Service, signal: AbortSignal) => AsyncIterable<Item>,
    options: { readonly signal: AbortSignal; readonly patienceMs: number },
  ): AsyncGenerator<Item, void, undefined> {
    const { signal, patienceMs } = options
    const arrived: Item[] = []
    let failure: BusError | null = null
    let wake = (): void => undefined
    const fail = (error: BusError): void => {
      failure ??= error
      ended.abort()
      wake()
    }
    const ended = new AbortController()
    const onAbort = (): void => fail(lost())
    signal.addEventListener('abort', onAbort, { once: true })
    this.#wire(from, to).send(null, () => {
      const server = this.#alive(to)
      if (server === null) {
        if (this.#links.isUp(to)) from.later(REFUSED_MS, () => fail(unreachable()))
        return
      }
      const { process, service } = server
      from.onDeath(() => ended.abort())
      const back = new Wire(this.#links, to, from.host)
      back.onStall = () => {
        this.#links.scheduler.at(patienceMs, null, () => {
          if (back.isStalled) from.later(0, () => fail(lost()))
        })
      }
      process.onDeath(() => from.later(REFUSED_MS, () => fail(lost())))
      const serve = async (): Promise<void> => {
        for await (const item of open(service, ended.signal)) {
          back.send(from, () => {
            arrived.push(item)
            wake()
          })
        }
      }
      process.later(0, () => {
        serve().catch(() => from.later(REFUSED_MS, () => fail(lost())))
      })
    })
    try {
      while (true) {
        const item = arrived.shift()
        if (item !== undefined) {
          yield item
          continue
        }
        if (failure !== null) throw failure
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    } finally {
      signal.removeEventListener('abort', onAbort)
      ended.abort()
    }
  }

  #alive(host: string): Server<Service> | null {
    const server = this.#servers.get(host)
    return server?.process.isAlive === true ? server : null
  }

  #wire(from: SimProcess, to: string | SimProcess): Wire {
    const wires = this.#wires.get(from) ?? new Map<string | SimProcess, Wire>()
    this.#wires.set(from, wires)
    const host = typeof to === 'string' ? to : to.host
    const wire = wires.get(to) ?? new Wire(this.#links, from.host, host)
    wires.set(to, wire)
    return wire
  }
}

function unreachable(): BusError {
  return new BusError('CONTROL_PLANE_UNAVAILABLE', 'The control plane cannot be reached.')
}

function lost(): BusError {
  return new BusError('CONNECTION_LOST', 'The connection broke before the answer.')
}
