/**
 * The whole of Courant in one process: PostgreSQL, control plane, one broker, one gateway. The
 * services are those of a fleet, started by their own start functions and wired over loopback
 * sockets; this is the only place that knows all three.
 */
import { join, resolve } from 'node:path'
import { brokerSettings, startBroker } from '@courant/broker'
import { controlPlaneSettings, startControlPlane } from '@courant/control-plane'
import { type Gateway, gatewaySettings, startGateway } from '@courant/gateway'
import type { Address } from '@courant/kernel'
import { readEnvironment, type ServicePorts, startAdminServer } from '@courant/service-kit'
import { type Credentials, readCredentials, writeCredentials } from './credentials-file.ts'
import { type Database, openDatabase } from './database.ts'
import { DEFAULT_TENANT, ensureDefaultTenant } from './default-tenant.ts'
import { requireFreePorts } from './free-ports.ts'
import { InstanceLock } from './instance-lock.ts'
import { newOperatorKey } from './operator-key.ts'
import { markRunning } from './running-mark.ts'
import { portsOf } from './service-ports.ts'
import type { StandaloneConfig } from './settings.ts'
import { StartError } from './start-error.ts'
import { StartedParts } from './started-parts.ts'

/** A standalone that serves. */
export interface Standalone {
  readonly dataDirectory: string
  readonly credentials: Credentials
  /** Resolves, with the reason, if the database is lost, without which nothing can be changed. */
  readonly lost: Promise<Error>
  /** Calls `onStep` with the name of each part before it is stopped. */
  stop(onStep: (part: string) => void): Promise<void>
}

const ANY_PORT = '127.0.0.1:0'
/**
 * A control plane in the same process answers in milliseconds; this is for a machine in trouble.
 */
const METADATA_MS_MAX = 30_000

/** Resolves when records can be produced. What was started before a failure is stopped again. */
export async function startStandalone(
  config: StandaloneConfig,
  ports: ServicePorts,
): Promise<Standalone> {
  const parts = new StartedParts()
  try {
    return await startParts(config, ports, parts)
  } catch (error) {
    await parts.stop(() => {}).catch((failure: unknown) => ports.log.warn({ err: failure }))
    throw error
  }
}

async function startParts(
  config: StandaloneConfig,
  ports: ServicePorts,
  parts: StartedParts,
): Promise<Standalone> {
  const dataDirectory = resolve(config.dataDirectory)
  const lock = new InstanceLock(dataDirectory)
  parts.add('data directory', async () => lock.release())
  const known = await readCredentials(dataDirectory)
  await requireFreePorts(config)
  const operatorKey = known?.operatorKey ?? newOperatorKey(ports.random)
  await openAdminServer(config, ports, parts)
  const database = await openDatabase(config.databaseUrl, dataDirectory, ports.log)
  parts.add('database', () => database.stop())
  const services = { config, ports, parts, dataDirectory }
  const controlPlane = await addControlPlane(services, database, operatorKey)
  await addBroker(services, controlPlane)
  const { httpAddress, grpcAddress } = await addGateway(services, controlPlane)

  const url = urlOf(httpAddress)
  const grpc = reachable(grpcAddress)
  const apiKey = await ensureDefaultTenant(controlPlane, ports.clock, known?.apiKey ?? null)
  const credentials = { url, grpc, tenant: DEFAULT_TENANT, apiKey, operatorKey }
  await writeCredentials(dataDirectory, credentials)
  lock.tell(url)
  const unmark = markRunning(url)
  parts.add('mark of this process', async () => unmark())
  return {
    dataDirectory,
    credentials,
    lost: database.lost,
    stop: (onStep) => parts.stop(onStep),
  }
}

interface Services {
  readonly config: StandaloneConfig
  readonly ports: ServicePorts
  readonly parts: StartedParts
  readonly dataDirectory: string
}

async function openAdminServer(
  { adminHost, adminPort }: StandaloneConfig,
  ports: ServicePorts,
  parts: StartedParts,
): Promise<void> {
  if (adminPort === 'off') return
  const admin = await startAdminServer({ host: adminHost, port: adminPort }, ports)
  parts.add('administrative port', () => admin.stop())
}

async function addControlPlane(
  { ports, parts }: Services,
  database: Database,
  operatorKey: string,
): Promise<Address> {
  const environment = {
    DATABASE_URL: database.url,
    COURANT_CONTROL_PLANE_LISTEN: ANY_PORT,
    COURANT_OPERATOR_KEY: operatorKey,
  }
  const config = readEnvironment(controlPlaneSettings, environment)
  const controlPlane = await startControlPlane(config, portsOf('control plane', ports))
  parts.add('control plane', () => controlPlane.stop())
  return controlPlane.address
}

async function addBroker(
  { config, ports, parts, dataDirectory }: Services,
  controlPlane: Address,
): Promise<void> {
  const environment = {
    COURANT_BROKER_ID: '1',
    COURANT_BROKER_LISTEN: ANY_PORT,
    COURANT_CONTROL_PLANE: textOf(controlPlane),
    COURANT_DATA_DIR: join(dataDirectory, 'broker'),
    COURANT_RING_BYTES: String(config.ringBytes),
  }
  const broker = await startBroker(
    readEnvironment(brokerSettings, environment),
    portsOf('broker', ports),
  )
  parts.add('broker', () => broker.stop())
}

async function addGateway(
  { config, ports, parts }: Services,
  controlPlane: Address,
): Promise<Gateway> {
  const { httpHost, httpPort, grpcPort, corsOrigins } = config
  const environment = { COURANT_CONTROL_PLANE: textOf(controlPlane) }
  const gateway = await startGateway(
    {
      ...readEnvironment(gatewaySettings, environment),
      httpHost,
      httpPort,
      grpcPort,
      corsOrigins,
    },
    portsOf('gateway', ports),
  )
  parts.add('gateway', () => gateway.stop())
  if (await gateway.ready(METADATA_MS_MAX)) return gateway
  throw new StartError('The gateway got no metadata from the control plane.')
}

function textOf({ host, port }: Address): string {
  return `${host}:${port}`
}

function urlOf(address: Address): string {
  return `http://${reachable(address)}`
}

/** Where this machine's programs find an address that may be bound to every interface. */
function reachable({ host, port }: Address): string {
  if (host === '0.0.0.0') return `127.0.0.1:${port}`
  if (host === '::') return `[::1]:${port}`
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
