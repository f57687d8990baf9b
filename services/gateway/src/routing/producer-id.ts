import { errorFromKafka, initProducerIdApi, NO_ERROR } from '@courant/kafka-protocol'
import { type BrokerId, BusError, type Clock, type Random, wait } from '@courant/kernel'
import type { Broker } from '@courant/metadata'
import type { ProducerIdSource } from '../accumulator/partition-producer.ts'
import type { BrokerPool } from './broker-pool.ts'

export interface ProducerIdParts {
  readonly clock: Clock
  readonly random: Random
  readonly pool: Pick<BrokerPool, 'connection'>
  brokers(): readonly Broker[]
}

const ANSWER_TIMEOUT_MS = 2_000
const PAUSE_MS_MIN = 20
const PAUSE_MS_MAX = 500

/**
 * The id with which this gateway writes. A fresh one at each start, so there is no predecessor
 * whose batches are still on their way. Any broker gives one; they are asked in turn until one has.
 */
export class ProducerId implements ProducerIdSource {
  readonly #parts: ProducerIdParts
  readonly #closing = new AbortController()
  #current: number | null = null
  #asking: Promise<void> | null = null
  #nextBroker: number

  constructor(parts: ProducerIdParts) {
    this.#parts = parts
    this.#nextBroker = Math.floor(parts.random.next() * 1_000)
  }

  get current(): number | null {
    return this.#current
  }

  /** Asks for the first one, if that has not been done. */
  arrived(): Promise<void> {
    if (this.#current !== null) return Promise.resolve()
    this.#asking ??= this.#ask()
    return this.#asking
  }

  retire(id: number): void {
    if (this.#current === id) this.#current = null
  }

  close(): void {
    this.#closing.abort()
  }

  /** Until a broker has answered, or this is closed. */
  async #ask(): Promise<void> {
    const { clock, random } = this.#parts
    const { signal } = this.#closing
    let pauseMs = PAUSE_MS_MIN
    while (!signal.aborted) {
      this.#current = await this.#askOne()
      if (this.#current !== null) break
      await wait(clock, pauseMs * (0.5 + random.next() / 2), signal)
      pauseMs = Math.min(pauseMs * 2, PAUSE_MS_MAX)
    }
    this.#asking = null
  }

  async #askOne(): Promise<number | null> {
    const brokers = this.#parts.brokers().filter(({ state }) => state === 'active')
    const broker = brokers[this.#nextBroker % brokers.length]
    this.#nextBroker += 1
    if (broker === undefined) return null
    try {
      return await this.#askBroker(broker.brokerId)
    } catch (error) {
      if (error instanceof BusError) return null
      throw error
    }
  }

  async #askBroker(id: BrokerId): Promise<number> {
    const connection = await this.#parts.pool.connection(id)
    const body = { transactionalId: null, transactionTimeoutMs: 0 }
    const answer = await connection.request(initProducerIdApi, body, ANSWER_TIMEOUT_MS)
    if (answer.errorCode !== NO_ERROR) throw errorFromKafka(answer.errorCode, null, 'read')
    return answer.producerId
  }
}
