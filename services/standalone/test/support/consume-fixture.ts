import { expect } from 'vitest'
import { type Answer, call } from './api.ts'
import { Consumer } from './consumer.ts'

/** Credit that is not used up by a test. */
export const PLENTY = { records: 1_000, bytes: 1_000_000 }

let names = 0

/** A topic, and a group that nobody knows yet. */
export class ConsumeFixture {
  readonly topic: string
  readonly group: string
  readonly #key: string
  readonly #partitions: number

  private constructor(key: string, partitions: number) {
    names += 1
    this.topic = `topic-${names}`
    this.group = `group-${names}`
    this.#key = key
    this.#partitions = partitions
  }

  /** With so many records in each partition: 0, 1, 2 and so on. */
  static async make(key: string, partitions = 1, records = 3): Promise<ConsumeFixture> {
    const fixture = new ConsumeFixture(key, partitions)
    const body = { name: fixture.topic, partitions }
    const made = await call(key, { method: 'POST', path: '/v1/topics', body })
    expect(made.status, made.text).toBe(201)
    if (records > 0) await fixture.produce(Array.from({ length: records }, (_, index) => index))
    return fixture
  }

  /** Appends the values to each partition. */
  readonly produce = (values: readonly number[]): Promise<Answer> => {
    const records = Array.from({ length: this.#partitions }, (_, partition) =>
      values.map((value) => ({ value, partition })),
    ).flat()
    const path = `/v1/topics/${this.topic}/records`
    return call(this.#key, { method: 'POST', path, body: { records } })
  }

  readonly consumer = (memberId: string, more: object = {}): Consumer =>
    new Consumer(this.#key, { group: this.group, topics: [this.topic], memberId, ...more })

  /** Of each partition. */
  readonly committed = async (): Promise<(number | null)[]> => {
    const { json } = await this.#describe()
    return json.partitions.map((each: { committedOffset: number | null }) => each.committedOffset)
  }

  readonly members = async (): Promise<string[]> => {
    const { json } = await this.#describe()
    return json.members.map((each: { memberId: string }) => each.memberId)
  }

  #describe(): Promise<Answer> {
    return call(this.#key, { method: 'GET', path: `/v1/groups/${this.group}` })
  }
}
