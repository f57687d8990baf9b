import type { Topic } from '@courant/group'
import { BusError, limits } from '@courant/kernel'
import type { FeedState } from '../../feed/feed-state.ts'
import type { MetadataFeed } from '../../feed/metadata-feed.ts'

/** What it needs of the metadata feed. */
export type CatalogFeed = Pick<MetadataFeed, 'state' | 'changed' | 'atLeast' | 'isStopping'>

interface CatalogListener {
  /** Topics of these tenants are others than before. */
  changed(tenantIds: ReadonlySet<string>): void
  /** The feed was read anew: the database may be another. */
  restarted(): void
}

const CATCH_UP_MS = 2_000

/** The topics of each tenant, as the feed of this process has them. */
export class TopicCatalog {
  readonly #feed: CatalogFeed
  readonly #listener: CatalogListener
  readonly #tenants = new Map<string, Map<string, Topic>>()
  readonly #tenantOf = new Map<string, string>()
  #state: FeedState
  #version = 0

  constructor(feed: CatalogFeed, listener: CatalogListener) {
    this.#feed = feed
    this.#listener = listener
    this.#state = feed.state
    this.#follow()
  }

  topicsOf(tenantId: string): Topic[] {
    return [...(this.#tenants.get(tenantId)?.values() ?? [])]
  }

  topicOf(tenantId: string, topicId: string): Topic | undefined {
    return this.#tenants.get(tenantId)?.get(topicId)
  }

  /** A topic that rows speak of must not look deleted because the feed is behind them. */
  async atLeast(version: number): Promise<void> {
    if (this.#feed.state.version < version) await this.#feed.atLeast(version, CATCH_UP_MS)
    if (this.#feed.state.version < version) {
      const detail = 'The control plane is behind its database.'
      throw new BusError('CONTROL_PLANE_UNAVAILABLE', detail, { retryAfterMs: limits.retryAfterMs })
    }
    this.#follow()
  }

  /** Until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !this.#feed.isStopping) {
      this.#follow()
      await this.#feed.changed(signal)
    }
  }

  #follow(): void {
    const { state } = this.#feed
    const isAnother = state !== this.#state
    const changed = new Set<string>()
    if (isAnother) {
      for (const tenantId of this.#tenants.keys()) changed.add(tenantId)
      this.#tenants.clear()
      this.#tenantOf.clear()
      this.#state = state
      this.#version = 0
    }
    const changes = state.changesSince(this.#version, 'broker')
    this.#version = state.version
    for (const { key, value } of changes?.entries ?? []) {
      if (value?.$case === 'topic') {
        const { topicId, tenantId, name, partitionCount } = value.value
        this.#set(tenantId, { topicId, name, partitions: partitionCount })
        changed.add(tenantId)
      } else if (value?.$case === 'deleted' && value.value.kind === 'topic') {
        const tenantId = this.#tenantOf.get(key)
        if (tenantId === undefined) continue
        this.#tenants.get(tenantId)?.delete(key)
        this.#tenantOf.delete(key)
        changed.add(tenantId)
      }
    }
    if (isAnother) this.#listener.restarted()
    else if (changed.size > 0) this.#listener.changed(changed)
  }

  #set(tenantId: string, topic: Topic): void {
    const topics = this.#tenants.get(tenantId) ?? new Map<string, Topic>()
    topics.set(topic.topicId, topic)
    this.#tenants.set(tenantId, topics)
    this.#tenantOf.set(topic.topicId, tenantId)
  }
}
