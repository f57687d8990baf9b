/** The composition root: which parts there are, in which order they begin and end. */

import type { Address } from '@courant/kernel'
import type { ServicePorts } from '@courant/service-kit'
import { keepTrying, makeOperatorKeyKnown } from './api-keys/make-operator-key-known.ts'
import { SessionSweep } from './brokers/session-sweep.ts'
import { Cluster } from './cluster.ts'
import { ChangeListener } from './database/change-listener.ts'
import { Database } from './database/database.ts'
import { checkConnection } from './database/explain-connection.ts'
import { MetadataFeed } from './feed/metadata-feed.ts'
import { GroupCoordinator } from './groups/coordination/group-coordinator.ts'
import { observeLag } from './groups/lag/lag-metrics.ts'
import { LagSampler } from './groups/lag/lag-sampler.ts'
import { postgresLeaseRows } from './groups/leases/lease-rows.ts'
import { ShardLeases } from './groups/leases/shard-leases.ts'
import { SHARDS_CHANNEL } from './groups/leases/shard-rows.ts'
import { PostgresGroupRows } from './groups/rows/postgres-group-rows.ts'
import { MIGRATIONS_DIRECTORY, migrate } from './migrations/migrator.ts'
import { CallMetrics } from './rpc/call-metrics.ts'
import { startGrpcServer } from './rpc/grpc-server.ts'
import { addServices } from './rpc/services.ts'
import { advertisedAddress, type ControlPlaneConfig } from './settings.ts'
import { Upkeep } from './upkeep/upkeep.ts'

/** A control plane that serves. */
export interface ControlPlane {
  readonly address: Address
  stop(): Promise<void>
}

/** Brings the database to the newest schema, reads the metadata, and serves. */
export async function startControlPlane(
  config: ControlPlaneConfig,
  ports: ServicePorts,
): Promise<ControlPlane> {
  const { clock, random, log } = ports
  const { databaseUrl: url, sessionTimeoutMs } = config
  await checkConnection(url)
  const ran = await migrate(url, MIGRATIONS_DIRECTORY)
  if (ran.length > 0) log.info({ migrations: ran }, 'the database was migrated')
  const onIdleError = (err: Error): void => log.warn({ err }, 'an idle connection broke')
  const database = new Database({ url, clock, random, onIdleError })
  try {
    const cluster = await Cluster.open(database)
    const { operatorKey } = config
    const isKeyLate = operatorKey !== null && !(await makeOperatorKeyKnown(cluster, operatorKey))
    const feed = await MetadataFeed.open({ cluster, clock, log })
    const lateKey = isKeyLate ? operatorKey : null
    return await serve(config, ports, { database, cluster, feed, sessionTimeoutMs, lateKey })
  } catch (error) {
    await database.close()
    throw error
  }
}

interface Parts {
  readonly database: Database
  readonly cluster: Cluster
  readonly feed: MetadataFeed
  readonly sessionTimeoutMs: number
  /** The operator's key, if it could not be set yet. */
  readonly lateKey: string | null
}

async function serve(
  config: ControlPlaneConfig,
  ports: ServicePorts,
  { database, cluster, feed, sessionTimeoutMs, lateKey }: Parts,
): Promise<ControlPlane> {
  const { clock, log, random, network, health } = ports
  const metrics = new CallMetrics(ports)
  const watchers = { count: 0 }
  const coordinator = new GroupCoordinator({
    ...{ rows: new PostgresGroupRows(cluster), feed, clock, random, log },
    onRestart: () => leases.restart(),
  })
  const lag = new LagSampler({
    ...{ database, coordinator, network, clock, log },
    intervalMs: config.lagIntervalMs,
  })
  const server = await startGrpcServer(config.listen, clock, (grpc) =>
    addServices(grpc, {
      cluster,
      feed,
      coordinator,
      lag,
      random,
      sessionTimeoutMs,
      metrics,
      watchers,
      onError: (err, { requestId }) => {
        if (err.code === 'INTERNAL') log.error({ err, requestId }, 'a call failed')
        else log.debug({ err, requestId }, 'a call was refused')
      },
    }),
  )
  const { host, port } = advertisedAddress(config, server.address)
  const leases = new ShardLeases({
    ...{ rows: postgresLeaseRows(database), holder: coordinator, clock, random, log },
    address: `${host}:${port}`,
    leaseMs: config.groupLeaseMs,
  })
  const listener = new ChangeListener({
    url: config.databaseUrl,
    clock,
    onHint: { courant_metadata: () => feed.hint(), [SHARDS_CHANNEL]: () => leases.hint() },
  })
  const sweep = new SessionSweep({ cluster, sessionTimeoutMs, clock, log })
  const upkeep = new Upkeep({ cluster, coordinator, intervalMs: sessionTimeoutMs, clock, log })
  feed.start()
  listener.start()
  sweep.start()
  upkeep.start()
  coordinator.start()
  await leases.start()
  lag.start()
  const stopping = new AbortController()
  const keyKnown =
    lateKey === null ? null : keepTrying({ cluster, clock, log }, lateKey, stopping.signal)
  health.add('database', () => feed.problem)
  observeLag(ports.metrics, lag)
  observe(ports, { database, feed, watchers, coordinator, leases })
  log.info({ address: server.address }, 'the control plane serves')
  return {
    address: server.address,
    async stop() {
      server.setServing('NOT_SERVING')
      stopping.abort()
      await keyKnown
      await Promise.all([sweep.stop(), upkeep.stop(), lag.stop(), leases.stop()])
      await coordinator.stop()
      // Ends the watches, without which the server would wait for them.
      await Promise.all([listener.stop(), feed.stop()])
      await server.stop()
      await database.close()
    },
  }
}

function observe(
  { metrics }: ServicePorts,
  {
    database,
    feed,
    watchers,
    coordinator,
    leases,
  }: {
    readonly database: Database
    readonly feed: MetadataFeed
    readonly watchers: { readonly count: number }
    readonly coordinator: GroupCoordinator
    readonly leases: ShardLeases
  },
): void {
  const gauge = (name: string, help: string, read: () => number): void =>
    metrics.observe({ name: `courant_control_plane_${name}`, help }, read)
  gauge('metadata_version', 'Version of the metadata that is served.', () => feed.state.version)
  gauge('watchers', 'Open watches of the metadata.', () => watchers.count)
  gauge('database_connections', 'Connections of the pool.', () => database.connections.open)
  gauge('database_idle', 'Connections of the pool in no use.', () => database.connections.idle)
  gauge('group_shards', 'Shards of consumer groups, of 64, that it has.', () => leases.count)
  gauge('groups', 'Consumer groups in memory.', () => coordinator.groupCount)
  gauge('group_watches', 'Gateways that follow their polls.', () => coordinator.watches.count)
  gauge('database_waiting', 'Transactions that wait for one.', () => database.connections.waiting)
}
