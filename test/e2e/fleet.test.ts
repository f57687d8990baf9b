/**
 * Goal: the services of `npm start`, as a fleet of processes, serve through restarts of each of
 * them, and what they acknowledged is there once.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Fleet, OPERATOR_KEY } from './support/fleet.ts'
import { postJson, readTopic } from './support/read-topic.ts'
import type { Credentials } from './support/standalone.ts'
import { until } from './support/until.ts'

let fleet: Fleet
let apiKey: string

beforeAll(async () => {
  fleet = await Fleet.start()
  const operator = { url: fleet.urls[0] ?? '', apiKey: OPERATOR_KEY }
  apiKey = (await postJson(operator, '/v1/tenants', { name: 'fleet' })).apiKey
})

afterAll(async () => {
  await fleet.stop()
})

function gateway(index: number): Credentials {
  return { url: fleet.urls[index] ?? '', apiKey }
}

/**
 * Like a load balancer in front of both: another gateway where one cannot have applied anything.
 */
class Producer {
  readonly acknowledged: number[] = []
  #next = 0
  #running = true
  #done: Promise<void> = Promise.resolve()
  readonly #topic: string

  constructor(topic: string) {
    this.#topic = topic
  }

  start(): void {
    this.#done = this.#run()
  }

  async stop(): Promise<void> {
    this.#running = false
    await this.#done
  }

  /** Waits for that many more acknowledgements. */
  async progress(count: number): Promise<void> {
    const enough = this.acknowledged.length + count
    await until(async () => (this.acknowledged.length >= enough ? true : null))
  }

  async #run(): Promise<void> {
    let target = 0
    for (; this.#running; this.#next++) {
      for (let outcome = 'no'; outcome === 'no' && this.#running; ) {
        outcome = await this.#produce(target)
        if (outcome === 'no') target = 1 - target
      }
    }
  }

  /** Whether it was applied; `no` allows a repeat elsewhere. */
  async #produce(target: number): Promise<'yes' | 'no' | 'unknown'> {
    const value = this.#next
    const answer = await fetch(`${fleet.urls[target]}/v1/topics/${this.#topic}/records`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ records: [{ key: 'one', value }] }),
    }).catch((error: Error) => error)
    if (answer instanceof Error) return isRefused(answer) ? 'no' : 'unknown'
    const body = (await answer.json()) as { readonly applied?: 'no' | 'unknown' }
    if (!answer.ok) return body.applied ?? 'unknown'
    this.acknowledged.push(value)
    return 'yes'
  }
}

function isRefused(error: Error): boolean {
  const { code } = (error.cause ?? {}) as NodeJS.ErrnoException
  return code === 'ECONNREFUSED'
}

async function expectExactlyOnce(topic: string, acknowledged: readonly number[]): Promise<void> {
  const values = (await readTopic(gateway(0), topic, 1)).map((record) => record.value)
  const found = new Set(values)
  expect(found.size).toBe(values.length)
  expect(acknowledged.filter((value) => !found.has(value))).toEqual([])
  expect(values).toEqual(values.toSorted((a: number, b: number) => a - b))
}

describe('a fleet', () => {
  it('serves what one gateway created through the other at once', async () => {
    await postJson(gateway(0), '/v1/topics', { name: 'shared', partitions: 3 })
    const written = await postJson(gateway(1), '/v1/topics/shared/records', {
      records: [{ key: 'k', value: 'v' }],
    })
    expect(written.failed).toBe(0)
    const records = await readTopic(gateway(0), 'shared', 3)
    expect(records).toMatchObject([{ key: 'k', value: 'v' }])
  })

  it('goes on while one gateway after the other restarts', async () => {
    await postJson(gateway(0), '/v1/topics', { name: 'rolling', partitions: 1 })
    const producer = new Producer('rolling')
    producer.start()
    await producer.progress(50)
    for (const name of ['gateway-0', 'gateway-1', 'gateway-0']) {
      expect(await fleet.stopMember(name, 'SIGTERM')).toBe(0)
      await producer.progress(50)
      await fleet.startMember(name)
      await producer.progress(50)
    }
    await producer.stop()
    await expectExactlyOnce('rolling', producer.acknowledged)
  })

  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'goes on after its broker has ended by %s',
    async (signal) => {
      const topic = `broker-${signal.toLowerCase()}`
      await postJson(gateway(0), '/v1/topics', { name: topic, partitions: 1 })
      const producer = new Producer(topic)
      producer.start()
      await producer.progress(50)
      await fleet.stopMember('broker', signal)
      await fleet.startMember('broker')
      await producer.progress(50)
      await producer.stop()
      await expectExactlyOnce(topic, producer.acknowledged)
    },
  )

  it('produces and fetches while the control plane is away', async () => {
    await postJson(gateway(0), '/v1/topics', { name: 'static', partitions: 1 })
    await fleet.stopMember('control-plane', 'SIGKILL')
    const producer = new Producer('static')
    producer.start()
    await producer.progress(50)
    await producer.stop()
    await expectExactlyOnce('static', producer.acknowledged)
    await fleet.startMember('control-plane')
    await until(() => postJson(gateway(0), '/v1/topics', { name: 'after', partitions: 1 }))
  })
})
