import { createServer } from 'node:net'
import { StartError } from '../start-error.ts'

const HOST = '127.0.0.1'
/** A port that is taken is looked for so much further on: 8080, 9080, 10080, … */
const STEP = 1_000
const PORT_MAX = 65_535

/** Default ports of the members, to which their ids are added. */
const FIRST_PORTS = {
  controlPlane: 7100,
  controlPlaneAdmin: 7200,
  broker: 7300,
  brokerAdmin: 7400,
  gatewayAdmin: 7500,
  supervisor: 7600,
  http: 8079,
  grpc: 9089,
} as const

/**
 * Gives each part the same port at each start, or the next one that is free. They are not the
 * system's choice: such a port could be another connection's while its process is restarted.
 */
export class Ports {
  readonly #offset: number
  readonly #given = new Set<number>()

  constructor(offset: number) {
    this.#offset = offset
  }

  async choose(use: keyof typeof FIRST_PORTS, id: number): Promise<number> {
    const wanted = FIRST_PORTS[use] + id + this.#offset
    for (let port = wanted; port <= PORT_MAX; port += STEP) {
      if (this.#given.has(port) || !(await isFree(port))) continue
      this.#given.add(port)
      return port
    }
    throw new StartError(
      `No port is free for ${use} ${id}: ${wanted}, and each ${STEP} further on.`,
    )
  }

  async address(use: keyof typeof FIRST_PORTS, id: number): Promise<string> {
    return `${HOST}:${await this.choose(use, id)}`
  }
}

function isFree(port: number): Promise<boolean> {
  const probe = createServer()
  return new Promise((resolve) => {
    probe.once('error', () => resolve(false))
    probe.listen(port, HOST, () => probe.close(() => resolve(true)))
  })
}
