/**
 * Goal: with the client every record is processed, by one member at a time, whoever stops, fails or
 * comes.
 */
import { type Consumer, type ConsumerOptions, Courant, type ReadRecord } from '@courant/client'
import { beforeAll, expect, inject, test } from 'vitest'
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

function consumerOf(topic: string, options: Partial<ConsumerOptions> = {}): Consumer {
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

test('everything is processed, in order within each partition, and committed at the end', async () => {
  const values = await topicWith('whole', 3, 60)
  const seen = await consume(consumerOf('whole', { maxRecords: 7 }), 60)
  expect([...seen].sort(byNumber)).toEqual(values)
  for (const partition of [0, 1, 2]) {
    const own = seen.filter((value) => Number(value) % 3 === partition)
    expect(own).toEqual([...own].sort(byNumber))
  }
  await client.producer().send('whole', [{ value: 'later' }])
  expect(await consume(consumerOf('whole'), 1)).toEqual(['later'])
})

test('what a handler threw at is not committed: the next member gets it', async () => {
  await topicWith('thrown', 1, 3)
  const first = consumerOf('thrown', { maxRecords: 1 })
  const failing = first.run({
    eachRecord({ text }) {
      if (text === '1') throw new Error('no')
    },
  })
  await expect(failing).rejects.toThrow('no')
  expect(await consume(consumerOf('thrown'), 2)).toEqual(['1', '2'])
})

test('at most once, what a handler threw at is committed: nobody gets it again', async () => {
  await topicWith('thrown-once', 1, 3)
  const options = { maxRecords: 1, delivery: 'at-most-once' } as const
  const failing = consumerOf('thrown-once', options).run({
    eachRecord({ text }) {
      if (text === '1') throw new Error('no')
    },
  })
  await expect(failing).rejects.toThrow('no')
  expect(await consume(consumerOf('thrown-once', options), 1)).toEqual(['2'])
})

test('a signal that aborts stops a run: what was in work is committed', async () => {
  await topicWith('signalled', 1, 2)
  const controller = new AbortController()
  const seen: string[] = []
  await consumerOf('signalled', { maxRecords: 1 }).run({
    signal: controller.signal,
    eachRecord({ text }) {
      seen.push(text ?? '')
      controller.abort()
    },
  })
  expect(seen).toEqual(['0'])
  expect(await consume(consumerOf('signalled'), 1)).toEqual(['1'])
})

test('a loop that is left by break commits what it had finished, and not what it was at', async () => {
  await topicWith('broken-off', 1, 3)
  for await (const { records } of consumerOf('broken-off', { maxRecords: 1 })) {
    if (records[0]?.text === '1') break
  }
  expect(await consume(consumerOf('broken-off'), 2)).toEqual(['1', '2'])
})

test('a second member takes its part over without a record twice', async () => {
  await topicWith('shared', 4, 400)
  const seen: ReadRecord[] = []
  const consumers = [0, 1].map(() => consumerOf('shared', { maxRecords: 10 }))
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
    await client.producer().send('shared', messages)
  }
  await Promise.all(consumers.map(run))
  const places = seen.map(({ partition, offset }) => `${partition}/${offset}`)
  expect(new Set(places).size).toBe(places.length)
  expect(owners.size).toBe(2)
})

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
