import { postJson, readTopic } from './read-topic.ts'
import type { Credentials } from './standalone.ts'
import { until } from './until.ts'

/**
 * One caller of a topic with one partition, like a load balancer in front of all gateways: it goes
 * to another where one cannot have applied anything, and on to the next record where nobody knows.
 */
export class FailOverProducer {
  readonly acknowledged: number[] = []
  /** Problems that were answered, and connections that broke, in the words of either. */
  readonly failures: string[] = []
  readonly #gateways: readonly Credentials[]
  readonly #topic: string
  #next = 0
  #running = true
  #done: Promise<void> = Promise.resolve()

  private constructor(gateways: readonly Credentials[], topic: string) {
    this.#gateways = gateways
    this.#topic = topic
  }

  /** Makes the topic, and has written to it when it resolves. */
  static async start(
    gateways: readonly [Credentials, ...Credentials[]],
    topic: Readonly<Record<string, unknown>> & { readonly name: string },
  ): Promise<FailOverProducer> {
    await postJson(gateways[0], '/v1/topics', { partitions: 1, ...topic })
    const producer = new FailOverProducer(gateways, topic.name)
    producer.#done = producer.#run()
    await producer.progress()
    return producer
  }

  async stop(): Promise<void> {
    this.#running = false
    await this.#done
  }

  /** Waits for fifty more acknowledgements. */
  async progress(): Promise<void> {
    const enough = this.acknowledged.length + 50
    await until(async () => (this.acknowledged.length >= enough ? true : null))
  }

  /**
   * Values that were acknowledged and are not there, are there twice, or are out of order. What was
   * on its way when a connection broke may arrive behind what the caller sent next elsewhere.
   */
  async faults(): Promise<{ lost: number[]; twice: number[]; disordered: number[] }> {
    const [gateway] = this.#gateways
    if (gateway === undefined) throw new Error('no gateway')
    const values = (await readTopic(gateway, this.#topic, 1)).map((record) => Number(record.value))
    const found = new Set(values)
    const known = new Set(this.acknowledged)
    const order = values.filter((value) => known.has(value))
    return {
      lost: this.acknowledged.filter((value) => !found.has(value)),
      twice: values.filter((value, at) => values.indexOf(value) !== at),
      disordered: order.filter((value, at) => at > 0 && value < (order[at - 1] ?? value)),
    }
  }

  async #run(): Promise<void> {
    let target = 0
    for (; this.#running; this.#next++) {
      for (let outcome = 'no'; outcome === 'no' && this.#running; ) {
        outcome = await this.#produce(target % this.#gateways.length)
        if (outcome === 'no') target += 1
      }
    }
  }

  /** Whether it was applied; `no` allows a repeat elsewhere. */
  async #produce(target: number): Promise<'yes' | 'no' | 'unknown'> {
    const value = this.#next
    const { url = '', apiKey = '' } = this.#gateways[target] ?? {}
    const answer = await fetch(`${url}/v1/topics/${this.#topic}/records`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ records: [{ key: 'one', value }] }),
    }).catch((error: Error) => error)
    if (answer instanceof Error) {
      this.failures.push(String(answer.cause ?? answer))
      return isRefused(answer) ? 'no' : 'unknown'
    }
    const body = (await answer.json()) as { readonly applied?: 'no' | 'unknown' }
    if (!answer.ok) {
      this.failures.push(JSON.stringify(body))
      return body.applied ?? 'unknown'
    }
    this.acknowledged.push(value)
    return 'yes'
  }
}

function isRefused(error: Error): boolean {
  const { code } = (error.cause ?? {}) as NodeJS.ErrnoException
  return code === 'ECONNREFUSED'
}
