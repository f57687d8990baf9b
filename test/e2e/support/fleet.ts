/**
 * The services as processes of their own over one PostgreSQL: two gateways, one broker, one control
 * plane.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startTestPostgres, type TestPostgres } from '@courant/testkit'
import { Child } from './child.ts'
import { freePort } from './free-port.ts'
import { cleanEnvironment, mainOf } from './repository.ts'
import { until } from './until.ts'

export const OPERATOR_KEY = `crt_${'0'.repeat(16)}_${'a'.repeat(43)}`

interface Member {
  readonly service: 'control-plane' | 'broker' | 'gateway'
  readonly env: Readonly<Record<string, string>>
}

export class Fleet {
  readonly #postgres: TestPostgres
  readonly #home: string
  readonly #members: ReadonlyMap<string, Member>
  readonly #running = new Map<string, Child>()
  /** Of the two gateways. */
  readonly urls: readonly string[]

  private constructor(
    postgres: TestPostgres,
    home: string,
    members: ReadonlyMap<string, Member>,
    urls: readonly string[],
  ) {
    this.#postgres = postgres
    this.#home = home
    this.#members = members
    this.urls = urls
  }

  static async start(): Promise<Fleet> {
    const postgres = await startTestPostgres()
    const home = await mkdtemp(join(tmpdir(), 'courant-fleet-'))
    const controlPlane = `127.0.0.1:${await freePort()}`
    const brokerPort = await freePort()
    const httpPorts = [await freePort(), await freePort()]
    const gateway = async (httpPort: number | undefined): Promise<Member> => ({
      service: 'gateway',
      env: {
        COURANT_CONTROL_PLANE: controlPlane,
        COURANT_HTTP_PORT: String(httpPort),
        COURANT_GRPC_PORT: '0',
        COURANT_ADMIN_PORT: String(await freePort()),
      },
    })
    const members = new Map<string, Member>([
      [
        'control-plane',
        {
          service: 'control-plane',
          env: {
            DATABASE_URL: await postgres.createDatabase(),
            COURANT_CONTROL_PLANE_LISTEN: controlPlane,
            COURANT_OPERATOR_KEY: OPERATOR_KEY,
            COURANT_ADMIN_PORT: String(await freePort()),
          },
        },
      ],
      [
        'broker',
        {
          service: 'broker',
          env: {
            COURANT_BROKER_ID: '7',
            COURANT_BROKER_LISTEN: `127.0.0.1:${brokerPort}`,
            COURANT_CONTROL_PLANE: controlPlane,
            COURANT_DATA_DIR: join(home, 'broker'),
            COURANT_RING_BYTES: String(16 << 20),
            COURANT_ADMIN_PORT: String(await freePort()),
          },
        },
      ],
      ['gateway-0', await gateway(httpPorts[0])],
      ['gateway-1', await gateway(httpPorts[1])],
    ])
    const urls = httpPorts.map((port) => `http://127.0.0.1:${port}`)
    const fleet = new Fleet(postgres, home, members, urls)
    for (const name of members.keys()) await fleet.startMember(name)
    return fleet
  }

  /** Starts a member that is not running, and waits until it is ready. */
  async startMember(name: string): Promise<void> {
    const member = this.#members.get(name)
    if (member === undefined) throw new Error(`no member ${name}`)
    const env = { ...cleanEnvironment(), ...member.env }
    const child = new Child(mainOf(member.service), { env })
    this.#running.set(name, child)
    const ready = until(async () => {
      const answer = await fetch(`http://127.0.0.1:${member.env['COURANT_ADMIN_PORT']}/readyz`)
      return answer.ok ? true : null
    })
    const ended = await Promise.race([ready, child.ended])
    if (ended !== true) throw new Error(`${name} ended with ${ended}:\n${child.output}`)
  }

  /** Its exit status. */
  async stopMember(name: string, signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#running.get(name)
    this.#running.delete(name)
    return child === undefined ? null : await child.end(signal)
  }

  async stop(): Promise<void> {
    for (const name of [...this.#running.keys()].reverse()) await this.stopMember(name, 'SIGTERM')
    await this.#postgres.stop()
    await rm(this.#home, { recursive: true, force: true })
  }
}
