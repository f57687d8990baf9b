import {
  BrokerState,
  type Partition,
  type WatchMetadataRequest,
} from '@courant/api/internal/v1/metadata'
import type { BrokerPorts } from '@courant/broker/run'
import {
  allocateProducerIds,
  alterPartitions,
  hear,
  registerBroker,
  sendHeartbeat,
  watchMetadata,
} from '@courant/control-plane/model'
import { type Address, BusError, brokerId, type ErrorCode, leaderEpoch } from '@courant/kernel'
import { MetadataWatcher, type OpenWatch } from '@courant/metadata'
import type { SimProcess } from '../machine/sim-process.ts'
import type { Calls } from '../network/calls.ts'
import type { Controller } from './controller.ts'

/** As the gRPC links have it. */
const CALL_TIMEOUT_MS = 2_000
/** Keep-alive pings of a watch and the wait for their answer. */
const WATCH_PATIENCE_MS = 15_000
const PORT = 7071

export interface ControlPlaneAccess {
  readonly calls: Calls<Controller>
  /** Hosts of control planes. */
  readonly controllers: readonly string[]
}

/** Watches the metadata from a process over the simulated network. */
export function watcherOf(
  process: SimProcess,
  { calls, controllers }: ControlPlaneAccess,
  audience: 'broker' | 'gateway',
  seen?: Parameters<BrokerPorts['link']['watchMetadata']>[0],
): MetadataWatcher {
  return new MetadataWatcher({
    addresses: controllers.map((host): Address => ({ host, port: PORT })),
    audience,
    clock: process.clock,
    random: process.random,
    openWatch: openWatchFrom(process, calls),
    ...(seen === undefined ? {} : { seen }),
  })
}

function openWatchFrom(process: SimProcess, calls: Calls<Controller>): OpenWatch {
  return (address, request, signal) => {
    const open = (controller: Controller, ended: AbortSignal) =>
      serveWatch(controller, request, ended)
    return calls.stream(process, address.host, open, { signal, patienceMs: WATCH_PATIENCE_MS })
  }
}

async function* serveWatch(
  controller: Controller,
  request: WatchMetadataRequest,
  ended: AbortSignal,
) {
  const { feed, cluster } = controller
  if (feed === null) throw notReady()
  const { clusterIncarnation, sinceVersion } = request
  if (request.clusterId !== '' && sinceVersion > feed.state.version) {
    const seen = { clusterIncarnation, metadataVersion: sinceVersion }
    await controller.run(hear({ seen }))
  }
  yield* watchMetadata({ feed, cluster }, request, ended)
}

/** The control plane as a simulated broker sees it: what the gRPC link does, on the model. */
export function linkOf(process: SimProcess, access: ControlPlaneAccess): BrokerPorts['link'] {
  const { calls, controllers } = access
  let current = 0
  async function call<Answer>(
    invoke: (controller: Controller) => Promise<Answer>,
  ): Promise<Answer> {
    const index = current
    try {
      return await calls.call(process, controllers[index] ?? '', invoke, CALL_TIMEOUT_MS)
    } catch (error) {
      const failure = BusError.from(error)
      if (failure.facts.retriable) current = (index + 1) % controllers.length
      throw failure
    }
  }
  return {
    register: (registration) =>
      call((controller) => ready(controller).run(registerBroker(controller, registration))),
    async sendHeartbeat(heartbeat) {
      const { state, mayStop, renewedAt } = await call((controller) => {
        const versionOneSessionAgo = (): number => controller.versionOneSessionAgo
        const { cluster, sessionTimeoutMs } = ready(controller)
        const heartbeats = { cluster, sessionTimeoutMs, versionOneSessionAgo }
        return controller.run(sendHeartbeat(heartbeats, heartbeat))
      })
      return { state: STATES[state] ?? 'fenced', mayStop, renewedAt }
    },
    async alterPartitions(request) {
      const changes = request.changes.map((change) => ({
        ...change,
        inSyncReplicas: [...change.inSyncReplicas],
      }))
      const { results } = await call((controller) =>
        ready(controller).run(alterPartitions(controller.cluster, { ...request, changes })),
      )
      return results.map(({ error, row }) => ({
        error: error === '' ? null : (error as ErrorCode),
        row: row === undefined ? null : partitionRow(row),
      }))
    },
    async allocateProducerIds(request) {
      return await call((controller) =>
        ready(controller).run(
          allocateProducerIds(controller.cluster, { ...request, tenantId: '' }),
        ),
      )
    },
    watchMetadata(seen) {
      const watcher = watcherOf(process, access, 'broker', seen)
      watcher.start()
      return watcher
    },
    close: () => undefined,
  }
}

const STATES: Readonly<Partial<Record<BrokerState, 'fenced' | 'active' | 'draining'>>> = {
  [BrokerState.BROKER_STATE_FENCED]: 'fenced',
  [BrokerState.BROKER_STATE_ACTIVE]: 'active',
  [BrokerState.BROKER_STATE_DRAINING]: 'draining',
}

function ready(controller: Controller): Controller {
  if (controller.feed === null) throw notReady()
  return controller
}

function notReady(): BusError {
  return new BusError('CONTROL_PLANE_UNAVAILABLE', 'The control plane has not begun yet.')
}

function partitionRow(wire: Partition) {
  return {
    replicas: wire.replicas.map(brokerId),
    inSyncReplicas: wire.inSyncReplicas.map(brokerId),
    leader: wire.leader === undefined ? null : brokerId(wire.leader),
    leaderEpoch: leaderEpoch(wire.leaderEpoch),
    partitionEpoch: wire.partitionEpoch,
    effectiveMinIsr: wire.effectiveMinIsr,
  }
}
