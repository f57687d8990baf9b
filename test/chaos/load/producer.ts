import { SeededRandom, systemClock, wait } from '@courant/kernel'
import { monotonicNs, type Recorder } from '../history/recorder.ts'
import { type Format, type Gateways, produce } from './client.ts'

export interface ProducerOptions {
  readonly id: number
  readonly seed: number
  readonly gateways: Gateways
  readonly topics: readonly string[]
  readonly recorder: Recorder
}

/** Keys of a producer; nobody else uses them. */
const KEYS = 24
const RECORDS_MAX = 12
const PAUSE_MS = 150
const PAUSE_AFTER_FAILURE_MS = 150

/**
 * A caller with one request under way. It goes to another gateway when one fails it, as behind a
 * load balancer, and never sends a value twice: what it is not sure of it leaves, as unknown.
 */
export class Producer {
  readonly #options: ProducerOptions
  readonly #random: SeededRandom
  readonly #stopping = new AbortController()
  #gateway: number
  #done: Promise<void> = Promise.resolve()

  constructor(options: ProducerOptions) {
    this.#options = options
    this.#random = new SeededRandom(options.seed * 1_000 + options.id)
    this.#gateway = options.id
  }

  start(): void {
    this.#done = this.#run()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#done
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const succeeded = await this.#request()
      if (!succeeded) this.#gateway += 1
      const pauseMs = succeeded ? PAUSE_MS : PAUSE_AFTER_FAILURE_MS
      await wait(systemClock, pauseMs * (0.5 + this.#random.next()), this.#stopping.signal)
    }
  }

  /** Whether every record was acknowledged. */
  async #request(): Promise<boolean> {
    const { id, gateways, topics, recorder } = this.#options
    const { urls, apiKey } = gateways
    const topic = topics[this.#random.below(topics.length)] ?? ''
    const format: Format = this.#random.next() < 0.5 ? 'json' : 'ndjson'
    // Half of them for one log: where another has no leader, these do not wait for it.
    const keyCount = this.#random.next() < 0.5 ? 1 : KEYS
    const firstKey = this.#random.below(KEYS)
    const records = recorder.takeValues(1 + this.#random.below(RECORDS_MAX)).map((value) => ({
      key: `p${id}-${(firstKey + this.#random.below(keyCount)) % KEYS}`,
      value,
    }))
    const request = recorder.takeRequest()
    const url = urls[this.#gateway % urls.length] ?? ''
    const startNs = monotonicNs()
    const results = await produce(url, apiKey, topic, records, format)
    const endNs = monotonicNs()
    records.forEach(({ key, value }, index) => {
      const result = results[index] ?? { outcome: 'unknown', place: null }
      recorder.sent.push({ ...result, value, producer: id, request, topic, key, startNs, endNs })
    })
    return results.every(({ outcome }) => outcome === 'acked')
  }
}
