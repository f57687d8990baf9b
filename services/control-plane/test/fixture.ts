/** A control plane on a real PostgreSQL, and its callers over real sockets. */
import { callUnary, type UnaryMethod } from '@courant/api'
import {
  ApiKeyAdminServiceClient,
  TenantAdminServiceClient,
  TopicAdminServiceClient,
} from '@courant/api/internal/v1/admin'
import {
  BrokerServiceClient,
  type InSyncChange,
  type RegisterBrokerResponse,
  type SendHeartbeatRequest,
} from '@courant/api/internal/v1/broker'
import {
  Audience,
  MetadataServiceClient,
  type WatchMetadataResponse,
} from '@courant/api/internal/v1/metadata'
import { type Clock, systemClock, systemRandom, wait } from '@courant/kernel'
import { MetadataWatcher } from '@courant/metadata'
import { systemPorts } from '@courant/service-kit'
import { TestDatabases } from '@courant/testkit'
import { credentials } from '@grpc/grpc-js'
import pg from 'pg'
import { inject } from 'vitest'
import { Database } from '../src/database/database.ts'
import { type ControlPlane, startControlPlane } from '../src/index.ts'
import './shared-postgres.ts'

/** Databases of the shared server, with all migrations. */
export const databases = new TestDatabases(inject('postgresUrl'))

/** Long: most tests send no heartbeats, and none of their brokers may fall silent. */
const SESSION_MS = 60_000

const cleanup: (() => Promise<unknown>)[] = []

/** For `afterEach`. Backwards: clients end before what they talk to. */
export async function cleanUp(): Promise<void> {
  for (const undo of cleanup.splice(0).reverse()) await undo()
}

export function onCleanUp(undo: () => Promise<unknown>): void {
  cleanup.push(undo)
}

export interface StartOptions {
  readonly sessionTimeoutMs?: number
  readonly operatorKey?: string
  readonly groupLeaseMs?: number
  readonly lagIntervalMs?: number
  readonly clock?: Clock
}

/** A control plane with clients of its own. */
export async function start(databaseUrl: string, options: StartOptions = {}): Promise<Running> {
  const system = systemPorts('control-plane', 'silent')
  const ports = { ...system, clock: options.clock ?? system.clock }
  const controlPlane = await startControlPlane(
    {
      databaseUrl,
      listen: { host: '127.0.0.1', port: 0 },
      advertised: null,
      groupLeaseMs: options.groupLeaseMs ?? 10_000,
      lagIntervalMs: options.lagIntervalMs ?? 15_000,
      operatorKey: options.operatorKey ?? null,
      sessionTimeoutMs: options.sessionTimeoutMs ?? SESSION_MS,
    },
    ports,
  )
  const running = new Running(controlPlane, ports)
  onCleanUp(() => running.stop())
  return running
}

type Ports = ReturnType<typeof systemPorts>

export class Running {
  readonly controlPlane: ControlPlane
  readonly ports: Ports
  readonly #tenants: TenantAdminServiceClient
  readonly #apiKeys: ApiKeyAdminServiceClient
  readonly #topics: TopicAdminServiceClient
  readonly #brokers: BrokerServiceClient
  readonly #metadata: MetadataServiceClient
  #stopped: Promise<void> | undefined

  constructor(controlPlane: ControlPlane, ports: Ports) {
    this.controlPlane = controlPlane
    this.ports = ports
    const target = `127.0.0.1:${controlPlane.address.port}`
    const insecure = credentials.createInsecure()
    this.#tenants = new TenantAdminServiceClient(target, insecure)
    this.#apiKeys = new ApiKeyAdminServiceClient(target, insecure)
    this.#topics = new TopicAdminServiceClient(target, insecure)
    this.#brokers = new BrokerServiceClient(target, insecure)
    this.#metadata = new MetadataServiceClient(target, insecure)
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  async #stop(): Promise<void> {
    const clients = [this.#tenants, this.#apiKeys, this.#topics, this.#brokers, this.#metadata]
    for (const client of clients) client.close()
    await this.controlPlane.stop()
  }

  createTenant(name: string) {
    return call(this.#tenants.createTenant.bind(this.#tenants), { name })
  }

  listTenants(request: { limit: number; afterName: string; prefix: string }) {
    return call(this.#tenants.listTenants.bind(this.#tenants), request)
  }

  createApiKey(request: { tenantId: string; name: string; expiresAtMs?: number }) {
    const method = this.#apiKeys.createApiKey.bind(this.#apiKeys)
    return call(method, { expiresAtMs: 0, ...request })
  }

  listApiKeys(request: { tenantId: string; limit?: number; afterKeyId?: string; prefix?: string }) {
    const method = this.#apiKeys.listApiKeys.bind(this.#apiKeys)
    return call(method, { limit: 0, afterKeyId: '', prefix: '', ...request })
  }

  revokeApiKey(request: { tenantId: string; keyId: string }) {
    return call(this.#apiKeys.revokeApiKey.bind(this.#apiKeys), request)
  }

  createTopic(request: {
    tenantId: string
    name: string
    partitionCount?: number
    replicationFactor?: number
    config?: Record<string, string>
  }) {
    const method = this.#topics.createTopic.bind(this.#topics)
    return call(method, { partitionCount: 0, replicationFactor: 0, config: {}, ...request })
  }

  alterTopic(request: {
    tenantId: string
    name: string
    set?: Record<string, string>
    reset?: string[]
  }) {
    return call(this.#topics.alterTopic.bind(this.#topics), { set: {}, reset: [], ...request })
  }

  addPartitions(request: { tenantId: string; name: string; partitionCount: number }) {
    return call(this.#topics.addPartitions.bind(this.#topics), request)
  }

  deleteTopic(request: { tenantId: string; name: string }) {
    return call(this.#topics.deleteTopic.bind(this.#topics), request)
  }

  lookupTopic(request: { tenantId: string; name: string }) {
    return call(this.#metadata.lookupTopic.bind(this.#metadata), request)
  }

  lookupApiKey(keyId: string) {
    return call(this.#metadata.lookupApiKey.bind(this.#metadata), { keyId })
  }

  register(broker: BrokerProcess): Promise<RegisterBrokerResponse> {
    return call(this.#brokers.registerBroker.bind(this.#brokers), {
      clusterId: '',
      host: `host-${broker.brokerId}`,
      port: 9_092,
      rack: '',
      previousBrokerEpoch: 0,
      intact: true,
      seen: undefined,
      ...broker,
    })
  }

  heartbeat(
    brokerId: number,
    {
      brokerEpoch,
      metadataVersion,
    }: Pick<RegisterBrokerResponse, 'brokerEpoch' | 'metadataVersion'>,
    wishes: Partial<SendHeartbeatRequest> = {},
  ) {
    return call(this.#brokers.sendHeartbeat.bind(this.#brokers), {
      brokerId,
      brokerEpoch,
      metadataVersion,
      storageOffline: false,
      wantShutdown: false,
      ready: true,
      seen: undefined,
      ...wishes,
    })
  }

  alterPartitions(
    sender: { readonly brokerId: number; readonly brokerEpoch: number },
    changes: readonly InSyncChange[],
  ) {
    const request = { ...sender, changes: [...changes] }
    return call(this.#brokers.alterPartitions.bind(this.#brokers), request)
  }

  allocateProducerIds(request: { brokerId: number; brokerEpoch: number; tenantId?: string }) {
    const method = this.#brokers.allocateProducerIds.bind(this.#brokers)
    return call(method, { tenantId: '', ...request })
  }

  /** The first event of a watch that goes on from `sinceVersion` of this cluster. */
  async firstWatched(sinceVersion: number) {
    const { clusterId } = await this.register(newBroker(999))
    const stream = this.#metadata.watchMetadata({
      audience: Audience.AUDIENCE_GATEWAY,
      sinceVersion,
      clusterId,
      clusterIncarnation: 1,
    })
    try {
      for await (const response of stream) {
        const { event }: WatchMetadataResponse = response
        if (event !== undefined) return event
      }
      throw new Error('the watch ended')
    } finally {
      stream.cancel()
    }
  }

  /** Registered and ready. */
  async activeBroker(broker: BrokerProcess): Promise<RegisterBrokerResponse> {
    const registered = await this.register(broker)
    await this.heartbeat(broker.brokerId, registered)
    return registered
  }

  /** A copy as gateways or brokers keep it, up to date with `version`. */
  async watch(
    version: number,
    audience: 'gateway' | 'broker' = 'gateway',
    address = this.controlPlane.address,
  ): Promise<MetadataWatcher> {
    const watcher = new MetadataWatcher({
      addresses: [address],
      audience,
      clock: systemClock,
      random: systemRandom,
    })
    watcher.start()
    onCleanUp(() => watcher.stop())
    if (!(await watcher.copy.atLeast(version, 10_000))) throw new Error('the copy is not current')
    return watcher
  }
}

export interface BrokerProcess {
  readonly brokerId: number
  readonly incarnationId: string
  readonly directoryId: string
  readonly host?: string
  readonly port?: number
  readonly previousBrokerEpoch?: number
  readonly intact?: boolean
  readonly clusterId?: string
}

/** A process on a new data directory. */
export function newBroker(brokerId: number): BrokerProcess {
  return { brokerId, incarnationId: systemRandom.uuid(), directoryId: systemRandom.uuid() }
}

/** The next process on the same data directory. */
export function restarted(
  broker: BrokerProcess,
  previousBrokerEpoch: number,
  intact = true,
): BrokerProcess {
  return { ...broker, incarnationId: systemRandom.uuid(), previousBrokerEpoch, intact }
}

/** The control plane's own way to the database. */
export function openDatabase(url: string): Database {
  const ports = { clock: systemClock, random: systemRandom }
  const database = new Database({ url, ...ports, onIdleError: () => {} })
  onCleanUp(() => database.close())
  return database
}

/** A connection that works as the superuser, beside the control plane. */
export async function connect(databaseUrl: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: databaseUrl })
  client.on('error', () => {})
  await client.connect()
  onCleanUp(() => client.end().catch(() => {}))
  return client
}

/** Waits for a condition that something else brings about. */
export async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  const deadlineMs = systemClock.monotonicMs() + 20_000
  while (!(await condition())) {
    if (systemClock.monotonicMs() > deadlineMs) throw new Error('the condition never came true')
    await wait(systemClock, 10)
  }
}

function call<Request, Response>(
  method: UnaryMethod<Request, Response>,
  request: Request,
): Promise<Response> {
  return callUnary(method, request, { timeoutMs: 20_000, clock: systemClock })
}
