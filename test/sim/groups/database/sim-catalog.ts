import { type CatalogFeed, FeedState } from '@courant/control-plane/groups'
import type { Topic } from '@courant/group'
import { wait } from '@courant/kernel'
import type { SimProcess } from '../../src/machine/sim-process.ts'
import type { SimDatabase } from './sim-database.ts'
import { NO_LOCKS } from './sim-database.ts'

const POLL_MS = 1_000
type FeedEntries = ConstructorParameters<typeof FeedState>[2]

/** The tenant's topics with the version of the metadata in which each was changed last. */
export class SimCatalog {
  readonly tenantId: string
  readonly #topics = new Map<string, { readonly topic: Topic; readonly version: number }>()
  version = 0

  constructor(tenantId: string) {
    this.tenantId = tenantId
  }

  get topics(): Topic[] {
    return [...this.#topics.values()].map(({ topic }) => topic)
  }

  set(topic: Topic): void {
    this.version += 1
    this.#topics.set(topic.topicId, { topic, version: this.version })
  }

  since(version: number): FeedEntries {
    return [...this.#topics.values()]
      .filter((row) => row.version > version)
      .map(({ topic, version: changed }) => ({
        kind: 'topic' as const,
        entry: {
          version: changed,
          key: topic.topicId,
          value: {
            $case: 'topic' as const,
            value: {
              topicId: topic.topicId,
              tenantId: this.tenantId,
              name: topic.name,
              partitionCount: topic.partitions,
              replicationFactor: 1,
              config: {},
              createdAtMs: 0,
            },
          },
        },
      }))
  }
}

/** What one control plane has read of the catalog. */
export class SimFeed implements CatalogFeed {
  readonly state: FeedState
  readonly isStopping = false
  readonly #database: SimDatabase
  readonly #process: SimProcess
  readonly #catalog: SimCatalog
  readonly #listeners = new Set<() => void>()
  #nudge = new AbortController()

  constructor(database: SimDatabase, process: SimProcess, catalog: SimCatalog) {
    this.#database = database
    this.#process = process
    this.#catalog = catalog
    this.state = new FeedState(catalog.version, 0, catalog.since(0))
    void this.#follow()
  }

  changed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const finish = (): void => {
        this.#listeners.delete(finish)
        signal.removeEventListener('abort', finish)
        resolve()
      }
      this.#listeners.add(finish)
      signal.addEventListener('abort', finish, { once: true })
      if (signal.aborted) finish()
    })
  }

  async atLeast(version: number, timeoutMs: number): Promise<void> {
    const over = new AbortController()
    const timer = this.#process.clock.setTimer(timeoutMs, () => over.abort())
    this.#nudge.abort()
    while (this.state.version < version && !over.signal.aborted) await this.changed(over.signal)
    timer.cancel()
  }

  async #follow(): Promise<void> {
    while (true) {
      this.#nudge = new AbortController()
      try {
        const { version, entries } = await this.#database.run(this.#process, NO_LOCKS, () => ({
          version: this.#catalog.version,
          entries: this.#catalog.since(this.state.version),
        }))
        if (version > this.state.version) this.state.advance(version, 0, entries)
        for (const listener of [...this.#listeners]) listener()
      } catch {
        // With the database away it goes on serving what it has.
      }
      await wait(this.#process.clock, POLL_MS, this.#nudge.signal)
    }
  }
}
