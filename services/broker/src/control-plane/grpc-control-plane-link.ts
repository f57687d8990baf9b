import { callUnary } from '@courant/api'
import { BrokerServiceClient } from '@courant/api/internal/v1/broker'
import { BrokerState, type Partition } from '@courant/api/internal/v1/metadata'
import {
  type Address,
  assert,
  BusError,
  brokerId,
  type Clock,
  type ErrorCode,
  errorCodes,
  leaderEpoch,
  type Random,
} from '@courant/kernel'
import { MetadataWatcher } from '@courant/metadata'
import type { PartitionRow } from '@courant/replication'
import type { Logger } from '@courant/service-kit'
import { credentials } from '@grpc/grpc-js'
import type {
  ControlPlaneLink,
  Heartbeat,
  HeartbeatAnswer,
  MetadataFeed,
  PartitionAltered,
  ProducerIdBlock,
  Registered,
  Registration,
} from './control-plane-link.ts'

/** Shorter than a session: a call that hangs must leave time for another control plane. */
const CALL_TIMEOUT_MS = 2_000
/** The owner of producer ids that are no tenant's: gateways write for many. */
const PLATFORM = ''

export interface GrpcControlPlaneLinkOptions {
  readonly addresses: readonly Address[]
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}

/** The link over gRPC. Any control plane serves; after a failed call the next one is asked. */
export class GrpcControlPlaneLink implements ControlPlaneLink {
  readonly #options: GrpcControlPlaneLinkOptions
  readonly #clients: readonly BrokerServiceClient[]
  #current = 0

  constructor(options: GrpcControlPlaneLinkOptions) {
    assert(options.addresses.length > 0, 'a control plane has an address')
    this.#options = options
    this.#clients = options.addresses.map(
      ({ host, port }) =>
        new BrokerServiceClient(`${bracketed(host)}:${port}`, credentials.createInsecure()),
    )
  }

  register(registration: Registration): Promise<Registered> {
    return this.#call((client) =>
      callUnary(client.registerBroker.bind(client), registration, this.#callOptions()),
    )
  }

  async sendHeartbeat(heartbeat: Heartbeat): Promise<HeartbeatAnswer> {
    const { state, mayStop, renewedAt } = await this.#call((client) =>
      callUnary(client.sendHeartbeat.bind(client), heartbeat, this.#callOptions()),
    )
    return { state: stateNames[state] ?? 'fenced', mayStop, renewedAt }
  }

  async alterPartitions(
    request: Parameters<ControlPlaneLink['alterPartitions']>[0],
  ): Promise<readonly PartitionAltered[]> {
    const { brokerId, brokerEpoch, changes } = request
    const wire = {
      brokerId,
      brokerEpoch,
      changes: changes.map((change) => ({
        ...change,
        inSyncReplicas: [...change.inSyncReplicas],
      })),
    }
    const { results } = await this.#call((client) =>
      callUnary(client.alterPartitions.bind(client), wire, this.#callOptions()),
    )
    return results.map(({ error, row }) => ({
      error: error === '' ? null : errorCodeOf(error),
      row: row === undefined ? null : partitionRow(row),
    }))
  }

  allocateProducerIds(
    broker: Parameters<ControlPlaneLink['allocateProducerIds']>[0],
  ): Promise<ProducerIdBlock> {
    const request = { ...broker, tenantId: PLATFORM }
    return this.#call((client) =>
      callUnary(client.allocateProducerIds.bind(client), request, this.#callOptions()),
    )
  }

  watchMetadata(seen: Parameters<ControlPlaneLink['watchMetadata']>[0]): MetadataFeed {
    const { addresses, clock, random, log } = this.#options
    const watcher = new MetadataWatcher({
      addresses,
      clock,
      random,
      audience: 'broker',
      ...(seen === undefined ? {} : { seen }),
      onEvent: (event) => {
        if (event.kind !== 'rollback') return log.debug({ event }, 'metadata watch')
        log.error({ event }, 'METADATA_ROLLBACK: an operator is needed; serving goes on as it was')
      },
    })
    watcher.start()
    return watcher
  }

  close(): void {
    for (const client of this.#clients) client.close()
  }

  async #call<Answer>(call: (client: BrokerServiceClient) => Promise<Answer>): Promise<Answer> {
    const index = this.#current
    const client = this.#clients[index]
    assert(client !== undefined)
    try {
      return await call(client)
    } catch (error) {
      const failure = BusError.from(error)
      if (failure.facts.retriable) this.#current = (index + 1) % this.#clients.length
      throw failure
    }
  }

  #callOptions() {
    return { timeoutMs: CALL_TIMEOUT_MS, clock: this.#options.clock }
  }
}

const stateNames: Readonly<Partial<Record<BrokerState, HeartbeatAnswer['state']>>> = {
  [BrokerState.BROKER_STATE_FENCED]: 'fenced',
  [BrokerState.BROKER_STATE_ACTIVE]: 'active',
  [BrokerState.BROKER_STATE_DRAINING]: 'draining',
}

function partitionRow(wire: Partition): PartitionRow {
  return {
    replicas: wire.replicas.map(brokerId),
    inSyncReplicas: wire.inSyncReplicas.map(brokerId),
    leader: wire.leader === undefined ? null : brokerId(wire.leader),
    leaderEpoch: leaderEpoch(wire.leaderEpoch),
    partitionEpoch: wire.partitionEpoch,
    effectiveMinIsr: wire.effectiveMinIsr,
  }
}

/** A code of a newer version is a refusal like any other. */
function errorCodeOf(name: string): ErrorCode {
  return Object.hasOwn(errorCodes, name) ? (name as ErrorCode) : 'INVALID_ARGUMENT'
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}
