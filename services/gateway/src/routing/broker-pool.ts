import { type AnswerMemory, BrokerConnection } from '@courant/kafka-protocol'
import {
  type Address,
  type BrokerId,
  BusError,
  type Clock,
  type Network,
  type Random,
} from '@courant/kernel'
import type { Broker } from '@courant/metadata'

export interface BrokerPoolParts {
  readonly network: Network
  readonly clock: Clock
  readonly random: Random
  readonly clientId: string
  readonly answerMemory: AnswerMemory
  broker(id: BrokerId): Broker | null
}

const HANDSHAKE_TIMEOUT_MS = 5_000
/** After a failed connect the broker is left alone for this long, doubled up to the maximum. */
const BACKOFF_MS_MIN = 50
const BACKOFF_MS_MAX = 2_000

/**
 * What the pool has of one broker. States: connecting, open, or resting until a moment after a
 * failure. A broker that moved to another address is another one.
 */
type Link = { readonly address: Address } & (
  | { readonly state: 'connecting'; readonly opening: Promise<BrokerConnection> }
  | { readonly state: 'open'; readonly connection: BrokerConnection }
  | { readonly state: 'resting'; readonly untilMs: number; readonly error: BusError }
)

/**
 * One connection to each broker, opened when it is first needed and again after it broke. A broker
 * that cannot be reached is asked again only after a pause; until then its requests fail at once
 * with BROKER_UNAVAILABLE, applied no.
 */
export class BrokerPool {
  readonly #parts: BrokerPoolParts
  readonly #links = new Map<BrokerId, Link>()
  readonly #failures = new Map<BrokerId, number>()
  #state: 'open' | 'closed' = 'open'

  constructor(parts: BrokerPoolParts) {
    this.#parts = parts
  }

  /** The open connection, if there is one: then no turn of the event loop is lost. */
  openConnection(id: BrokerId): BrokerConnection | null {
    const link = this.#links.get(id)
    return link?.state === 'open' && this.#isCurrent(id, link) && link.connection.isOpen
      ? link.connection
      : null
  }

  /** Opens one unless it is open. Rejects with BROKER_UNAVAILABLE. */
  async connection(id: BrokerId): Promise<BrokerConnection> {
    const open = this.openConnection(id)
    if (open !== null) return open
    if (this.#state === 'closed') throw new BusError('SHUTTING_DOWN', 'This gateway is stopping.')
    const link = this.#links.get(id)
    if (link !== undefined && this.#isCurrent(id, link)) {
      if (link.state === 'connecting') return link.opening
      if (link.state === 'resting' && link.untilMs > this.#parts.clock.monotonicMs()) {
        throw link.error
      }
    }
    return this.#connect(id)
  }

  /** Closes every connection; what is unanswered on them fails. */
  close(): void {
    this.#state = 'closed'
    for (const link of this.#links.values()) {
      if (link.state === 'open') link.connection.close()
    }
    this.#links.clear()
  }

  #isCurrent(id: BrokerId, { address }: Link): boolean {
    const broker = this.#parts.broker(id)
    return broker !== null && broker.host === address.host && broker.port === address.port
  }

  #connect(id: BrokerId): Promise<BrokerConnection> {
    const broker = this.#parts.broker(id)
    if (broker === null) throw new BusError('BROKER_UNAVAILABLE', 'The broker is not known.')
    const before = this.#links.get(id)
    if (before?.state === 'open') before.connection.close()
    const address = { host: broker.host, port: broker.port }
    const opening = this.#open(id, address)
    this.#links.set(id, { address, state: 'connecting', opening })
    return opening
  }

  async #open(id: BrokerId, address: Address): Promise<BrokerConnection> {
    const { network, clock, clientId, answerMemory } = this.#parts
    try {
      const connection = await BrokerConnection.open({
        network,
        clock,
        address,
        clientId,
        handshakeTimeoutMs: HANDSHAKE_TIMEOUT_MS,
        answerOrder: 'any-order',
        answerMemory,
      })
      if (this.#state === 'closed') connection.close()
      this.#failures.delete(id)
      this.#links.set(id, { address, state: 'open', connection })
      return connection
    } catch (thrown) {
      const error = BusError.from(thrown)
      this.#links.set(id, { address, state: 'resting', untilMs: this.#restUntil(id), error })
      throw error
    }
  }

  /** Half of the pause is chance, so that a fleet of gateways does not come back in step. */
  #restUntil(id: BrokerId): number {
    const { clock, random } = this.#parts
    const failures = this.#failures.get(id) ?? 0
    this.#failures.set(id, failures + 1)
    const pauseMs = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** failures)
    return clock.monotonicMs() + pauseMs * (0.5 + random.next() / 2)
  }
}
