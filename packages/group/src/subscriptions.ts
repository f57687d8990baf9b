import type { Topic } from './calls.ts'
import { compilePattern, type Subscription } from './subscription.ts'

/** A subscription and the topics that it means now. Equal subscriptions are one object. */
export interface ResolvedSubscription {
  readonly subscription: Subscription
  /** In the order of names. */
  topics: readonly Topic[]
}

interface Entry extends ResolvedSubscription {
  readonly names: ReadonlySet<string>
  readonly pattern: { matches(name: string): boolean } | null
}

/** What the tenant's topics are, and which of them each subscription of the group means. */
export class Subscriptions {
  #topics: ReadonlyMap<string, Topic> = new Map()
  readonly #entries = new Map<string, Entry>()

  /** By topic id: null for one that there is no more. */
  get topics(): ReadonlyMap<string, Topic> {
    return this.#topics
  }

  resolve(subscription: Subscription): ResolvedSubscription {
    const key = JSON.stringify([subscription.pattern, ...subscription.topics])
    const known = this.#entries.get(key)
    if (known !== undefined) return known
    const entry: Entry = {
      subscription,
      names: new Set(subscription.topics),
      pattern: subscription.pattern === '' ? null : compilePattern(subscription.pattern),
      topics: [],
    }
    entry.topics = byName([...this.#topics.values()].filter((topic) => isMeant(entry, topic)))
    this.#entries.set(key, entry)
    return entry
  }

  /** All topics of the tenant. Answers whether a subscription means something else than before. */
  setTopics(topics: readonly Topic[]): boolean {
    const before = this.#topics
    this.#topics = new Map(topics.map((topic) => [topic.topicId, topic]))
    const other = topics.filter((topic) => {
      const known = before.get(topic.topicId)
      return known === undefined || known.partitions !== topic.partitions
    })
    let hasChanged = false
    for (const entry of this.#entries.values()) {
      if (this.#refresh(entry, other)) hasChanged = true
    }
    return hasChanged
  }

  /** Forgets what no member subscribes to any more. */
  keepOnly(used: ReadonlySet<ResolvedSubscription>): void {
    for (const [key, entry] of this.#entries) if (!used.has(entry)) this.#entries.delete(key)
  }

  /** Looks only at topics that are new or have grown: a pattern is not matched again and again. */
  #refresh(entry: Entry, other: readonly Topic[]): boolean {
    const stay = entry.topics.filter(
      (topic) => this.#topics.get(topic.topicId)?.partitions === topic.partitions,
    )
    const come = other.filter((topic) => isMeant(entry, topic))
    if (stay.length === entry.topics.length && come.length === 0) return false
    entry.topics = byName([...stay, ...come])
    return true
  }
}

function isMeant({ names, pattern }: Entry, { name }: Topic): boolean {
  return names.has(name) || (pattern?.matches(name) ?? false)
}

function byName(topics: Topic[]): Topic[] {
  return topics.sort((one, other) => (one.name < other.name ? -1 : 1))
}
