/**
 * Goal: with the client every record is processed, by one member at a time, whoever stops, fails or
 * comes.
 */
import { type Consumer, type ConsumerOptions, Courant, type ReadRecord } from '@courant/client'
import { beforeAll, describe, expect, inject, test } from 'vitest'
import { call, newTenant } from './support/api.ts'

let client: Courant
let apiKey: string

beforeAll(async () => {
  apiKey = await newTenant('client-consumer')
  client = new Courant({ url: inject('standalone').url, apiKey })
})

async function topicWith(name: string, partitions: number, count: number): Promise<string[]> {
  await client.topics.create({ name, partitions })
  const values = Array.from({ length: count }, (_, index) => String(index))
  const messages = values.map((value, index) => ({ value, partition: index % partitions }))
  await client.producer().send(name, messages)
  return values
}

type Options = Partial<ConsumerOptions>

function consumerOf(topic: string, options: Options = {}): Consumer {
  return client.consumer({ group: `group-of-${topic}`, topics: [topic], ...options })
}

/** Runs until so many records were processed. */
async function consume(consumer: Consumer, count: number): Promise<string[]> {
  const seen: string[] = []
  await consumer.run({
    eachRecord({ text }) {
      seen.push(text ?? '')
      if (seen.length === count) void consumer.stop()
    },
  })
  return seen
}

const modes = [
  { mode: 'one', how: 'batch by batch', base: {} },
  { mode: 'ahead', how: 'reading ahead', base: { prefetch: true } },
] as const

describe.each(modes)('$how', ({ mode, base }) => {
  const memberOf = (topic: string, options: Options = {}) =>
    consumerOf(topic, { ...base, ...options })

  test('everything is processed, in order within each partition, and committed at the end', async () => {
    const values = await topicWith(`whole-${mode}`, 3, 60)
    const seen = await consume(memberOf(`whole-${mode}`, { maxRecords: 7 }), 60)
    expect([...seen].sort(byNumber)).toEqual(values)
    for (const partition of [0, 1, 2]) {
      const own = seen.filter((value) => Number(value) % 3 === partition)
      expect(own).toEqual([...own].sort(byNumber))
    }
    await client.producer().send(`whole-${mode}`, [{ value: 'later' }])
    expect(await consume(memberOf(`whole-${mode}`), 1)).toEqual(['later'])
  })

  test('what a handler threw at is not committed: the next member gets it', async () => {
    await topicWith(`thrown-${mode}`, 1, 3)
    const first = memberOf(`thrown-${mode}`, { maxRecords: 1 })
    const failing = first.run({
      eachRecord({ text }) {
        if (text === '1') throw new Error('no')
      },
    })
    await expect(failing).rejects.toThrow('no')
    expect(await consume(memberOf(`thrown-${mode}`), 2)).toEqual(['1', '2'])
  })

  test('at most once, what a handler threw at is committed: nobody gets it again', async () => {
    await topicWith(`thrown-once-${mode}`, 1, 3)
    const options = { maxRecords: 1, delivery: 'at-most-once' } as const
    const failing = memberOf(`thrown-once-${mode}`, options).run({
      eachRecord({ text }) {
        if (text === '1') throw new Error('no')
      },
    })
    await expect(failing).rejects.toThrow('no')
    expect(await consume(memberOf(`thrown-once-${mode}`, options), 1)).toEqual(['2'])
  })

  test('a signal that aborts stops a run: what was in work is committed', async () => {
    await topicWith(`signalled-${mode}`, 1, 2)
    const controller = new AbortController()
    const seen: string[] = []
    await memberOf(`signalled-${mode}`, { maxRecords: 1 }).run({
      signal: controller.signal,
      eachRecord({ text }) {
        seen.push(text ?? '')
        controller.abort()
      },
    })
    expect(seen).toEqual(['0'])
    expect(await consume(memberOf(`signalled-${mode}`), 1)).toEqual(['1'])
  })

  test('a loop that is left by break commits what it had finished, and not what it was at', async () => {
    await topicWith(`broken-off-${mode}`, 1, 3)
    for await (const { records } of memberOf(`broken-off-${mode}`, { maxRecords: 1 })) {
      if (records[0]?.text === '1') break
    }
    expect(await consume(memberOf(`broken-off-${mode}`), 2)).toEqual(['1', '2'])
  })

  test('a second member takes its part over without a record twice', async () => {
    await topicWith(`shared-${mode}`, 4, 400)
    const seen: ReadRecord[] = []
    const consumers = [0, 1].map(() => memberOf(`shared-${mode}`, { maxRecords: 10 }))
    const stopAll = () => consumers.forEach((consumer) => void consumer.stop())
    const owners = new Set<string>()
    const run = (consumer: Consumer) =>
      consumer.run({
        async eachBatch({ records }) {
          owners.add(consumer.memberId)
          seen.push(...records)
          if (seen.length < 400) return
          if (owners.size === 2) stopAll()
          else await more()
        },
      })
    // Until the second one has its part there is always something to read.
    const more = async () => {
      const messages = [0, 1, 2, 3].map((partition) => ({ value: 'more', partition }))
      await client.producer().send(`shared-${mode}`, messages)
    }
    await Promise.all(consumers.map(run))
    const places = seen.map(({ partition, offset }) => `${partition}/${offset}`)
    expect(new Set(places).size).toBe(places.length)
    expect(owners.size).toBe(2)
  })
})

test('the next batch is read while one is in work, and no more than that', async () => {
  await topicWith('ahead', 1, 4)
  const answers = new Answers()
  const consumer = answers.client.consumer({
    group: 'group-of-ahead',
    topics: ['ahead'],
    maxRecords: 1,
    prefetch: true,
  })
  const seen: string[] = []
  await consumer.run({
    async eachRecord({ text }) {
      seen.push(text ?? '')
      // Hangs where nothing is read ahead.
      await answers.until(seen.length + 1)
      expect(answers.begun).toBe(seen.length + 1)
      if (seen.length === 2) void consumer.stop()
    },
  })
  expect(seen).toEqual(['0', '1'])
  // What was read ahead and not begun is not committed.
  expect(await consume(consumerOf('ahead'), 2)).toEqual(['2', '3'])
})

test('a handler that throws when more was read ahead commits neither: both come again', async () => {
  await topicWith('ahead-thrown', 1, 4)
  const answers = new Answers()
  const options = { topics: ['ahead-thrown'], maxRecords: 1, prefetch: true } as const
  const failing = answers.client.consumer({ group: 'group-of-ahead-thrown', ...options }).run({
    async eachRecord({ text, offset }) {
      await answers.until(offset + 2)
      if (text === '1') throw new Error('no')
    },
  })
  await expect(failing).rejects.toThrow('no')
  expect(await consume(consumerOf('ahead-thrown'), 3)).toEqual(['1', '2', '3'])
})

test('what was read ahead of a lost lease is dropped: reading goes on at what is committed', async () => {
  await topicWith('lost', 1, 3)
  const options = { memberId: 'loser', maxRecords: 1, prefetch: true } as const
  const consumer = consumerOf('lost', options)
  const seen: string[] = []
  await consumer.run({
    async eachRecord({ text }) {
      seen.push(text ?? '')
      if (seen.length === 1) {
        const path = '/v1/groups/group-of-lost/members/loser'
        expect((await call(apiKey, { method: 'DELETE', path })).status).toBeLessThan(300)
      }
      if (text === '2') void consumer.stop()
    },
  })
  expect(new Set(seen)).toEqual(new Set(['0', '1', '2']))
  // The first was not committed by who had lost it, so it came again.
  expect(seen.filter((text) => text === '0')).toHaveLength(2)
})

/** Counts the polls of a client: those that have begun, and those that were answered. */
class Answers {
  begun = 0
  #answered = 0
  #waiting: (() => void)[] = []
  readonly client = new Courant({
    url: inject('standalone').url,
    apiKey,
    fetch: async (request) => {
      const isPoll = request.url.endsWith('/poll')
      if (isPoll) this.begun += 1
      const response = await fetch(request)
      if (isPoll) this.#answered += 1
      for (const wake of this.#waiting.splice(0)) wake()
      return response
    },
  })

  async until(count: number): Promise<void> {
    while (this.#answered < count) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }
}

test('a second process with the same memberId ends the first one loudly', async () => {
  await topicWith('twins', 1, 0)
  const options = { memberId: 'twin' }
  const first = consumerOf('twins', options)
  const ended = first.run({ eachRecord: () => {} })
  const describe = { method: 'GET', path: '/v1/groups/group-of-twins' }
  await expect.poll(async () => (await call(apiKey, describe)).json.members?.length).toBe(1)
  const second = consumerOf('twins', options)
  const running = second.run({ eachRecord: () => {} })
  await expect(ended).rejects.toMatchObject({ code: 'POLL_SUPERSEDED', applied: 'no' })
  await second.stop()
  await running
})

function byNumber(a: string, b: string): number {
  return Number(a) - Number(b)
}
