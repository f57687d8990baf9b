import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Child } from '../harness/child.ts'
import type { Core } from '../harness/pinning.ts'
import type { Bench } from '../harness/suite.ts'
import { Admin } from './admin.ts'
import { freePort } from './free-port.ts'
import type * as Postgres from './postgres.ts'
import { startService } from './service.ts'

const LOOPBACK = '127.0.0.1'
/** The broker's default would take half a minute to fill with zeros before it can be measured. */
const RING_BYTES = 256 << 20

/** Brokers that a suite may start. */
const BROKERS_MAX = 3

/** The system as it runs in production, each part in a process of its own. */
export class Cluster {
  readonly admin: Admin
  readonly controlPlaneProcess: Child
  /** Connection string. */
  readonly database: string
  /** Of broker 1. */
  readonly dataDirectory: string
  /** Of brokers 1, 2, … */
  readonly brokerPorts: readonly number[]
  readonly #bench: Bench
  /** host:port. */
  readonly controlPlane: string
  #gatewayPort = 0
  #grpcPort = 0
  #brokerAdminPort = 0

  private constructor(
    bench: Bench,
    of: {
      readonly controlPlane: string
      readonly controlPlaneProcess: Child
      readonly database: string
      readonly dataDirectory: string
      readonly brokerPorts: readonly number[]
    },
  ) {
    this.#bench = bench
    this.controlPlane = of.controlPlane
    this.controlPlaneProcess = of.controlPlaneProcess
    this.database = of.database
    this.brokerPorts = of.brokerPorts
    this.dataDirectory = of.dataDirectory
    this.admin = new Admin(of.controlPlane)
    bench.cleanup.add(() => this.admin.close())
  }

  /** PostgreSQL and the control plane. Broker and gateway are for the suite to start. */
  static async start(
    bench: Bench,
    { controlPlaneCore = 'load' }: { readonly controlPlaneCore?: Core } = {},
  ): Promise<Cluster> {
    const directory = await bench.directory()
    const postgres = bench.worker<typeof Postgres>(
      'load',
      new URL('./postgres.ts', import.meta.url),
    )
    const controlPlane = `${LOOPBACK}:${await freePort()}`
    const operatorKey = `crt_${alphanumeric(16)}_${alphanumeric(43)}`
    const database = await postgres.start({ directory: join(directory, 'postgres') })
    const controlPlaneProcess = await startService(bench, {
      name: 'control-plane',
      core: controlPlaneCore,
      env: {
        DATABASE_URL: database,
        COURANT_CONTROL_PLANE_LISTEN: controlPlane,
        COURANT_OPERATOR_KEY: operatorKey,
      },
    })
    const dataDirectory = join(directory, 'broker')
    const brokerPorts: number[] = []
    while (brokerPorts.length < BROKERS_MAX) brokerPorts.push(await freePort())
    const started = { controlPlane, controlPlaneProcess, database, dataDirectory, brokerPorts }
    return new Cluster(bench, started)
  }

  get brokerPort(): number {
    return this.brokerPorts[0] ?? 0
  }

  get gatewayPort(): number {
    return this.#gatewayPort
  }

  /** Of the same gateway. */
  get grpcPort(): number {
    return this.#grpcPort
  }

  /** Where the broker that was started last shows its metrics. */
  get brokerAdminPort(): number {
    return this.#brokerAdminPort
  }

  /** Again after the broker has ended: it is the same broker, on the same directory. */
  async startBroker(core: Core, id = 1): Promise<Child> {
    this.#brokerAdminPort = await freePort()
    return await startService(this.#bench, {
      name: 'broker',
      core,
      adminPort: this.#brokerAdminPort,
      env: {
        COURANT_BROKER_ID: String(id),
        COURANT_BROKER_LISTEN: `${LOOPBACK}:${this.brokerPorts[id - 1]}`,
        COURANT_CONTROL_PLANE: this.controlPlane,
        COURANT_DATA_DIR: id === 1 ? this.dataDirectory : `${this.dataDirectory}-${id}`,
        COURANT_RING_BYTES: String(RING_BYTES),
      },
    })
  }

  async startGateway(core: Core): Promise<Child> {
    this.#gatewayPort = await freePort()
    this.#grpcPort = await freePort()
    return await startService(this.#bench, {
      name: 'gateway',
      core,
      env: {
        COURANT_HTTP_HOST: LOOPBACK,
        COURANT_HTTP_PORT: String(this.#gatewayPort),
        COURANT_GRPC_PORT: String(this.#grpcPort),
        COURANT_CONTROL_PLANE: this.controlPlane,
      },
    })
  }
}

function alphanumeric(length: number): string {
  return randomBytes(length).toString('hex').slice(0, length)
}
