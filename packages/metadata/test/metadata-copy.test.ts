/**
 * Goal: a copy that followed every change and one that was filled by a snapshot are the same, and
 * whoever listened to either knows the same.
 * Method: a random history of creations, changes and deletions, told in sets of random size, with
 * entries told twice; against a copy made of the rows that are left at the end.
 */
import type { MetadataEntry } from '@courant/api/internal/v1/metadata'
import { systemClock, tenantId, topicId } from '@courant/kernel'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MetadataCopy } from '../src/metadata-copy.ts'
import type { MetadataEvent } from '../src/model.ts'
import {
  apiKeyRow,
  brokerRow,
  deletedRow,
  partitionRow,
  tenantOne,
  tenantRow,
  topicIdOf,
  topicRow,
} from './rows.ts'

const CLUSTER = { clusterId: 'c', clusterIncarnation: 1 }
const TOPICS = 4

type Step =
  | { readonly kind: 'topic' | 'deleteTopic' | 'partition'; readonly number: number }
  | {
      readonly kind: 'apiKey' | 'deleteApiKey' | 'broker' | 'deleteBroker'
      readonly number: number
    }

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom(
    'topic',
    'deleteTopic',
    'partition',
    'apiKey',
    'deleteApiKey',
    'broker',
    'deleteBroker',
  ),
  number: fc.integer({ min: 1, max: TOPICS }),
})

/** What a control plane would write: only what is legal after what was written before. */
class History {
  readonly entries: MetadataEntry[] = []
  readonly rows = new Map<string, MetadataEntry>()
  readonly #deleted = new Set<number>()
  #version = 1

  constructor() {
    this.#put('tenant', tenantRow(1, 'acme'))
  }

  take({ kind, number }: Step): void {
    this.#version += 1
    const version = this.#version
    const topic = `topic ${number}`
    const partition = `partition ${number}`
    if (kind === 'topic' && !this.#deleted.has(number)) {
      this.#put(topic, topicRow(version, number, `topic-${number}`))
    } else if (kind === 'partition' && this.rows.has(topic)) {
      this.#put(partition, partitionRow(version, number, number))
    } else if (kind === 'deleteTopic' && this.rows.has(topic)) {
      this.#deleted.add(number)
      this.rows.delete(partition)
      this.#put(topic, deletedRow(version, 'topic', topicIdOf(number)))
    } else if (kind === 'apiKey') this.#put(`key ${number}`, apiKeyRow(version, `key${number}`))
    else if (kind === 'deleteApiKey') this.#drop(`key ${number}`, 'api_key', `key${number}`)
    else if (kind === 'broker') this.#put(`broker ${number}`, brokerRow(version, number))
    else if (kind === 'deleteBroker') this.#drop(`broker ${number}`, 'broker', String(number))
  }

  get version(): number {
    return this.#version
  }

  #put(key: string, entry: MetadataEntry): void {
    this.entries.push(entry)
    this.rows.delete(key)
    this.rows.set(key, entry)
  }

  #drop(key: string, kind: string, id: string): void {
    this.entries.push(deletedRow(this.#version, kind, id))
    this.rows.delete(key)
  }
}

/** As a control plane sends them: deletions first, partitions behind their topics. */
function inOrderOfTheFeed(rows: Iterable<MetadataEntry>): MetadataEntry[] {
  const kinds = ['deleted', 'tenant', 'apiKey', 'broker', 'topic', 'partition']
  const rank = ({ value }: MetadataEntry): number => kinds.indexOf(value?.$case ?? '')
  return [...rows].sort((a, b) => rank(a) - rank(b))
}

/** All that a copy answers, as one comparable value. */
function contentOf(copy: MetadataCopy) {
  const topics = Array.from({ length: TOPICS }, (_, index) => topicId(topicIdOf(index + 1)))
  return {
    version: copy.version,
    digest: copy.digest,
    names: copy.topicsOf(tenantId(tenantOne)).map(({ name }) => name),
    topics: topics.map((id) => copy.topicById(id)),
    partitions: topics.map((id) => copy.partitionsOf(id)),
    tombstones: topics.map((id) => copy.topicDeletedAt(id) !== null),
    keys: topics.map((_, index) => copy.apiKey(`key${index + 1}`)),
    brokers: copy.brokers(),
  }
}

/** What a listener believes there is. */
class Believer {
  readonly things = new Map<string, number>()

  readonly hear = (events: readonly MetadataEvent[]): void => {
    for (const event of events) this.#hear(event)
  }

  #hear(event: MetadataEvent): void {
    const { things } = this
    if (event.kind === 'topic') things.set(event.topic.topicId, event.topic.version)
    else if (event.kind === 'partition') {
      things.set(`${event.partition.topicId}/0`, event.partition.version)
    } else if (event.kind === 'topicDeleted' || event.kind === 'topicMissing') {
      things.delete(event.topicId)
      things.delete(`${event.topicId}/0`)
    } else if (event.kind === 'apiKey') things.set(event.apiKey.keyId, event.apiKey.version)
    else if (event.kind === 'apiKeyDeleted') things.delete(event.keyId)
    else if (event.kind === 'broker') {
      things.set(`broker ${event.broker.brokerId}`, event.broker.version)
    } else if (event.kind === 'brokerDeleted') things.delete(`broker ${event.brokerId}`)
  }
}

describe('a copy of the metadata', () => {
  it('is the same by changes as by a snapshot, for readers and for listeners', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 40 }),
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 0, max: 40 }),
        (steps, setSize, jumpAt) => {
          const history = new History()
          for (const each of steps) history.take(each)
          const { entries, version } = history

          const followed = new MetadataCopy(systemClock)
          const follower = new Believer()
          followed.onChange(follower.hear)
          for (let start = 0; start < entries.length; start += setSize) {
            const set = entries.slice(start, start + setSize)
            const last = set.at(-1)?.version ?? 0
            // What was told before is told again, as after a connection that broke.
            const again = entries.slice(Math.max(0, start - 2), start)
            followed.applyChanges({ version: last, entries: [...again, ...set] })
          }
          followed.applyChanges({ version, entries: [] })

          const jumped = new MetadataCopy(systemClock)
          const jumper = new Believer()
          jumped.onChange(jumper.hear)
          const before = entries.slice(0, jumpAt)
          jumped.applyChanges({ version: before.at(-1)?.version ?? 0, entries: before })
          jumped.replace(inOrderOfTheFeed(history.rows.values()), version, CLUSTER)

          expect(contentOf(jumped)).toEqual(contentOf(followed))
          expect(new Map([...jumper.things].sort())).toEqual(new Map([...follower.things].sort()))
        },
      ),
      { numRuns: 300 },
    )
  })

  it('never lets an older entry replace a newer one', () => {
    const copy = new MetadataCopy(systemClock)
    copy.applyChanges({ version: 5, entries: [brokerRow(5, 1), tenantRow(2, 'acme')] })
    const { digest } = copy
    const events: MetadataEvent[] = []
    copy.onChange((heard) => events.push(...heard))
    copy.applyChanges({ version: 6, entries: [brokerRow(4, 1), brokerRow(5, 1)] })
    expect([copy.digest, events]).toEqual([digest, []])
  })

  it('tells a topic that vanished apart from one that was deleted: only the latter may lose data', () => {
    const copy = new MetadataCopy(systemClock)
    const rows = [tenantRow(1, 'acme'), topicRow(2, 1, 'kept'), topicRow(3, 2, 'deleted')]
    copy.applyChanges({ version: 3, entries: rows })
    const events: MetadataEvent[] = []
    copy.onChange((heard) => events.push(...heard))
    copy.replace([tenantRow(1, 'acme'), deletedRow(4, 'topic', topicIdOf(2))], 4, CLUSTER)
    expect(events).toContainEqual({ kind: 'topicMissing', topicId: topicIdOf(1) })
    expect(events).toContainEqual({ kind: 'topicDeleted', topicId: topicIdOf(2), version: 4 })
  })

  it('lists by name, by prefix, and from behind a name', () => {
    const copy = new MetadataCopy(systemClock)
    const names = ['b', 'a-2', 'a-1', 'c']
    const rows = names.map((name, index) => topicRow(index + 2, index + 1, name))
    copy.applyChanges({ version: 9, entries: [tenantRow(1, 'acme'), ...rows] })
    const list = (query: object) =>
      copy.topicsOf(tenantId(tenantOne), query).map(({ name }) => name)
    expect(list({})).toEqual(['a-1', 'a-2', 'b', 'c'])
    expect(list({ prefix: 'a-' })).toEqual(['a-1', 'a-2'])
    expect(list({ after: 'a-1', limit: 2 })).toEqual(['a-2', 'b'])
    expect(list({ prefix: 'a-', after: 'a-1' })).toEqual(['a-2'])
    expect(list({ prefix: 'a-', after: 'b' })).toEqual([])
  })
})
