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

/** The system as it runs in production, each part in a process of its own, one broker. */
export class Cluster {
  readonly admin: Admin
  readonly dataDirectory: string
  readonly #bench: Bench
  readonly #controlPlane: string
  readonly #brokerPort: number
  #gatewayPort = 0

  private constructor(
    bench: Bench,
    of: { controlPlane: string; operatorKey: string; dataDirectory: string; brokerPort: number },
  ) {
    this.#bench = bench
    this.#controlPlane = of.controlPlane
    this.#brokerPort = of.brokerPort
    this.dataDirectory = of.dataDirectory
    this.admin = new Admin(of.controlPlane)
    bench.cleanup.add(() => this.admin.close())
  }

  /** PostgreSQL and the control plane. Broker and gateway are for the suite to start. */
  static async start(bench: Bench): Promise<Cluster> {
    const directory = await bench.directory()
    const postgres = bench.worker<typeof Postgres>(
      'load',
      new URL('./postgres.ts', import.meta.url),
    )
    const controlPlane = `${LOOPBACK}:${await freePort()}`
    const operatorKey = `crt_${alphanumeric(16)}_${alphanumeric(43)}`
    await startService(bench, {
      name: 'control-plane',
      core: 'load',
      env: {
        DATABASE_URL: await postgres.start({ directory: join(directory, 'postgres') }),
        COURANT_CONTROL_PLANE_LISTEN: controlPlane,
        COURANT_OPERATOR_KEY: operatorKey,
      },
    })
    const dataDirectory = join(directory, 'broker')
    const brokerPort = await freePort()
    return new Cluster(bench, { controlPlane, operatorKey, dataDirectory, brokerPort })
  }

  get brokerPort(): number {
    return this.#brokerPort
  }

  get gatewayPort(): number {
    return this.#gatewayPort
  }

  /** Again after the broker has ended: it is the same broker, on the same directory. */
  async startBroker(core: Core): Promise<Child> {
    return await startService(this.#bench, {
      name: 'broker',
      core,
      env: {
        COURANT_BROKER_ID: '1',
        COURANT_BROKER_LISTEN: `${LOOPBACK}:${this.#brokerPort}`,
        COURANT_CONTROL_PLANE: this.#controlPlane,
        COURANT_DATA_DIR: this.dataDirectory,
        COURANT_RING_BYTES: String(RING_BYTES),
      },
    })
  }

  async startGateway(core: Core): Promise<Child> {
    this.#gatewayPort = await freePort()
    return await startService(this.#bench, {
      name: 'gateway',
      core,
      env: {
        COURANT_HTTP_HOST: LOOPBACK,
        COURANT_HTTP_PORT: String(this.#gatewayPort),
        COURANT_GRPC_PORT: String(await freePort()),
        COURANT_CONTROL_PLANE: this.#controlPlane,
      },
    })
  }
}

function alphanumeric(length: number): string {
  return randomBytes(length).toString('hex').slice(0, length)
}
