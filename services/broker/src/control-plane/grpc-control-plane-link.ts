import { callUnary } from '@courant/api'
import { BrokerServiceClient } from '@courant/api/internal/v1/broker'
import { BrokerState } from '@courant/api/internal/v1/metadata'
import { type Address, assert, BusError, type Clock, type Random } from '@courant/kernel'
import { MetadataWatcher } from '@courant/metadata'
import type { Logger } from '@courant/service-kit'
import { credentials } from '@grpc/grpc-js'
import type {
  ControlPlaneLink,
  Heartbeat,
  HeartbeatAnswer,
  MetadataFeed,
  Registered,
  Registration,
} from './control-plane-link.ts'

/** Shorter than a session: a call that hangs must leave time for another control plane. */
const CALL_TIMEOUT_MS = 2_000

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
    const { state, mayStop } = await this.#call((client) =>
      callUnary(client.sendHeartbeat.bind(client), heartbeat, this.#callOptions()),
    )
    return { state: stateNames[state] ?? 'fenced', mayStop }
  }

  watchMetadata(): MetadataFeed {
    const { addresses, clock, random, log } = this.#options
    const watcher = new MetadataWatcher({
      addresses,
      clock,
      random,
      audience: 'broker',
      onEvent: (event) => log.debug({ event }, 'metadata watch'),
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

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}
