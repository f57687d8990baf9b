import { join } from 'node:path'
import { StartError } from '../start-error.ts'
import type { Role } from './member.ts'
import type { Ports } from './ports.ts'
import { mainOf, nodeCommand, type ServicePlan } from './service-member.ts'

/** Variables that say who a process is: never inherited from whoever starts the cluster. */
const OWN =
  /^(DATABASE_URL|COURANT_(DATA_DIR|RING_BYTES|OPERATOR_KEY|(CLUSTER|BROKER|CONTROL_PLANE|HTTP|GRPC|ADMIN)(_.*)?))$/

const ADMIN_PORTS = {
  'control-plane': 'controlPlaneAdmin',
  broker: 'brokerAdmin',
  gateway: 'gatewayAdmin',
} as const

export interface ServicePlansOptions {
  readonly ports: Ports
  readonly dataDirectory: string
  readonly databaseUrl: string
  readonly operatorKey: string
  readonly ringBytes: number
  readonly racks: readonly string[] | null
  /** Of the supervisor: what is not a matter of one process is handed on, such as a log level. */
  readonly environment: NodeJS.ProcessEnv
  /** What the caller wants otherwise, such as the machine or the network that a process runs in. */
  readonly adapt: (plan: ServicePlan) => Promise<ServicePlan>
}

/** Decides what each process of the cluster is started with. */
export class ServicePlans {
  readonly #options: ServicePlansOptions
  readonly #shared: NodeJS.ProcessEnv
  readonly #controlPlanes: string[] = []

  constructor(options: ServicePlansOptions) {
    this.#options = options
    const inherited = Object.entries(options.environment).filter(([name]) => !OWN.test(name))
    this.#shared = Object.fromEntries(inherited)
  }

  async controlPlane(id: number): Promise<ServicePlan> {
    const { databaseUrl, operatorKey } = this.#options
    const address = await this.#options.ports.address('controlPlane', id)
    this.#controlPlanes.push(address)
    return await this.#plan('control-plane', id, `grpc://${address}`, {
      DATABASE_URL: databaseUrl,
      COURANT_CONTROL_PLANE_LISTEN: address,
      COURANT_OPERATOR_KEY: operatorKey,
    })
  }

  /** Knows the control planes that were planned before. */
  async broker(id: number): Promise<ServicePlan> {
    const { ports, dataDirectory, ringBytes, racks } = this.#options
    const address = await ports.address('broker', id)
    const rack = racks?.[(id - 1) % racks.length] ?? `rack-${id}`
    return await this.#plan('broker', id, `tcp://${address}`, {
      COURANT_BROKER_ID: String(id),
      COURANT_BROKER_LISTEN: address,
      COURANT_BROKER_RACK: rack,
      COURANT_CONTROL_PLANE: this.#controlPlanes.join(','),
      COURANT_DATA_DIR: join(dataDirectory, `broker-${id}`),
      COURANT_RING_BYTES: String(ringBytes),
    })
  }

  /** Knows the control planes that were planned before. */
  async gateway(id: number): Promise<ServicePlan> {
    const { ports } = this.#options
    const port = await ports.choose('http', id)
    return await this.#plan('gateway', id, `http://127.0.0.1:${port}`, {
      COURANT_HTTP_PORT: String(port),
      COURANT_GRPC_PORT: String(await ports.choose('grpc', id)),
      COURANT_CONTROL_PLANE: this.#controlPlanes.join(','),
    })
  }

  /** One more, while the others run: they do not hear of another control plane, or database. */
  async another(role: Role, id: number): Promise<ServicePlan> {
    if (role === 'broker') return await this.broker(id)
    if (role === 'gateway') return await this.gateway(id)
    throw new StartError(
      `A ${role} cannot be added while the cluster runs, since the others would not know it.`,
    )
  }

  async #plan(
    role: ServicePlan['role'],
    id: number,
    url: string,
    env: Readonly<Record<string, string>>,
  ): Promise<ServicePlan> {
    const { ports, dataDirectory, adapt } = this.#options
    const adminPort = await ports.choose(ADMIN_PORTS[role], id)
    return await adapt({
      role,
      id,
      command: nodeCommand(mainOf(role)),
      env: { ...this.#shared, ...env, COURANT_ADMIN_PORT: String(adminPort) },
      url,
      adminUrl: `http://127.0.0.1:${adminPort}`,
      rack: env['COURANT_BROKER_RACK'] ?? null,
      log: logPath(dataDirectory, role, id),
    })
  }
}

export function logPath(dataDirectory: string, role: string, id: number): string {
  return join(dataDirectory, 'logs', `${role}-${id}.log`)
}
