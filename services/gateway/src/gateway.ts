/** The composition root: which parts there are, in which order they begin and end. */
import { type Address, assert, wait } from '@courant/kernel'
import { MetadataWatcher } from '@courant/metadata'
import type { ServicePorts } from '@courant/service-kit'
import type { FastifyInstance } from 'fastify'
import { Authenticator } from './auth/authenticator.ts'
import { UnknownNames } from './auth/unknown-names.ts'
import { ControlPlane } from './control-plane/control-plane.ts'
import { WatchReport } from './control-plane/watch-report.ts'
import type { GatewayParts } from './gateway-parts.ts'
import { createGroups, type Groups } from './groups/groups.ts'
import { type GrpcServer, startGrpcServer } from './grpc/grpc-server.ts'
import { closeHttp } from './http/close-http.ts'
import { Cors } from './http/cors.ts'
import { Draining } from './http/draining.ts'
import { createHttpServer } from './http/http-server.ts'
import { makeDocuments } from './reference/documents.ts'
import { allRoutes } from './rest/all-routes.ts'
import { registerGroupRoutes } from './rest/groups/register.ts'
import { createDataPath, type DataPath } from './rest/records/data-path.ts'
import { registerRecordRoutes } from './rest/records/register.ts'
import { registerRoutes } from './rest/register.ts'
import { managementRoutes } from './rest/routes.ts'
import type { GatewayConfig } from './settings.ts'
import { topicLookUps } from './topics/topic-look-ups.ts'
import { TopicResolver } from './topics/topic-resolver.ts'

/** A gateway that listens. */
export interface Gateway {
  readonly httpAddress: Address
  readonly grpcAddress: Address
  /** True as soon as it has metadata to serve with, false if it has none within `timeoutMs`. */
  ready(timeoutMs: number): Promise<boolean>
  /**
   * Serves on for `shutdownDelayMs`, not ready and with connections that close. Then it
   * refuses new requests, ends long polls and streams, finishes the requests under way and what
   * they wrote, closes all connections.
   */
  stop(): Promise<void>
}

interface Parts {
  readonly config: GatewayConfig
  readonly ports: ServicePorts
  readonly watcher: MetadataWatcher
  readonly controlPlane: ControlPlane
  readonly dataPath: DataPath
  readonly groups: Groups
  readonly http: FastifyInstance
  readonly draining: Draining
  readonly authenticator: Authenticator
  readonly management: GatewayParts
}

/**
 * Resolves once both listeners are open. The control plane need not be there yet: until the first
 * metadata has come, the gateway says that it is not ready.
 */
export async function startGateway(config: GatewayConfig, ports: ServicePorts): Promise<Gateway> {
  const parts = assemble(config, ports)
  const { http, watcher } = parts
  const httpAddress = await listen(http, { host: config.httpHost, port: config.httpPort })
  const grpcAddress = { host: config.httpHost, port: config.grpcPort }
  const grpc = await startGrpcServer(grpcAddress, parts).catch(async (error: unknown) => {
    await http.close()
    throw error
  })
  ports.health.add('metadata', () =>
    watcher.copy.version > 0 ? null : 'No metadata has arrived yet.',
  )
  const first = watcher.copy.onChange(() => {
    first()
    grpc.setServing('SERVING')
  })
  watcher.start()
  ports.log.info({ http: httpAddress, grpc: grpc.address }, 'the gateway listens')
  return {
    httpAddress,
    grpcAddress: grpc.address,
    ready: (timeoutMs) => watcher.copy.atLeast(1, timeoutMs),
    stop: () => stop(parts, grpc),
  }
}

function assemble(config: GatewayConfig, ports: ServicePorts): Parts {
  const { clock, random, network, log, metrics, health } = ports
  const draining = new Draining()
  const report = new WatchReport(log)
  const watcher = new MetadataWatcher({
    addresses: config.controlPlane,
    audience: 'gateway',
    clock,
    random,
    onEvent: (event) => report.tell(event),
  })
  report.observe(metrics, watcher)
  const metadata = watcher.copy
  const controlPlane = new ControlPlane(config.controlPlane, clock)
  const topics = new TopicResolver(metadata, topicLookUps(controlPlane, metadata, clock))
  const dataPath = createDataPath({
    network,
    clock,
    random,
    metrics,
    metadata,
    topics,
    draining,
  })
  const groups = createGroups({ clock, random, controlPlane, dataPath })
  const unknownKeys = new UnknownNames((id) => controlPlane.lookupApiKey(id), metadata, clock)
  const authenticator = new Authenticator(metadata, unknownKeys, clock)
  const http = createHttpServer({
    clock,
    random,
    log,
    metrics,
    routes: allRoutes,
    authenticator,
    cors: new Cors(config.corsOrigins),
    draining,
  })
  registerRecordRoutes(http, dataPath)
  registerGroupRoutes(http, groups)
  const management = {
    clock,
    network,
    log,
    health,
    metadata,
    controlPlane,
    topics,
    brokers: dataPath.brokers,
    groups,
    documents: makeDocuments(allRoutes),
  }
  registerRoutes(http, managementRoutes, management)
  return {
    config,
    ports,
    watcher,
    controlPlane,
    dataPath,
    groups,
    http,
    draining,
    authenticator,
    management,
  }
}

async function listen(http: FastifyInstance, { host, port }: Address): Promise<Address> {
  await http.listen({ host, port })
  const bound = http.server.address()
  assert(bound !== null && typeof bound === 'object', 'an HTTP server is bound to a port')
  return { host, port: bound.port }
}

/** From the edge inwards: nothing is closed while something that needs it goes on. */
async function stop(parts: Parts, grpc: GrpcServer): Promise<void> {
  const { config, ports, draining, http, dataPath, groups, watcher, controlPlane } = parts
  ports.health.drain()
  grpc.setServing('NOT_SERVING')
  draining.announce()
  if (config.shutdownDelayMs > 0) await wait(ports.clock, config.shutdownDelayMs)
  draining.begin()
  await Promise.all([closeHttp(http, ports.clock), grpc.finish()])
  groups.close()
  await dataPath.stop()
  await watcher.stop()
  controlPlane.close()
  grpc.stop()
}
