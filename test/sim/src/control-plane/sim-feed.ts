import {
  FeedState,
  hear,
  type ModelCluster,
  readFeed,
  VersionHistory,
} from '@courant/control-plane/model'
import { wait } from '@courant/kernel'
import type { SimProcess } from '../machine/sim-process.ts'
import type { SimDatabase } from './sim-database.ts'

/** As the control plane's feed: a look each second, and whenever the database hints at a change. */
const POLL_MS = 1_000

/** What a control plane has read of the metadata, and serves its watchers from. */
export class SimFeed {
  readonly digest = null
  readonly isStopping = false
  readonly state: FeedState
  readonly #database: SimDatabase
  readonly #process: SimProcess
  readonly #cluster: ModelCluster
  readonly #history: VersionHistory
  readonly #listeners = new Set<() => void>()
  #nudge = new AbortController()

  private constructor(
    parts: {
      readonly database: SimDatabase
      readonly process: SimProcess
      readonly cluster: ModelCluster
    },
    state: FeedState,
  ) {
    this.#database = parts.database
    this.#process = parts.process
    this.#cluster = parts.cluster
    this.state = state
    this.#history = new VersionHistory(parts.process.clock.monotonicMs(), state.version)
    this.#cluster.reached(state.version)
  }

  /** Rejects while the database is away. */
  static async open(parts: {
    readonly database: SimDatabase
    readonly process: SimProcess
    readonly cluster: ModelCluster
  }): Promise<SimFeed> {
    const { head, entries } = await parts.database.run(parts.process, readFeed(0))
    const feed = new SimFeed(parts, new FeedState(head.metadataVersion, head.feedFloor, entries))
    void feed.#follow()
    return feed
  }

  /** The version that was current so long ago; 0 if this process was not there to see. */
  versionBefore(agoMs: number): number {
    return this.#history.at(this.#process.clock.monotonicMs() - agoMs)
  }

  hint(): void {
    this.#nudge.abort()
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
    this.hint()
    while (this.state.version < version && !over.signal.aborted) await this.changed(over.signal)
    timer.cancel()
  }

  async #follow(): Promise<void> {
    while (true) {
      this.#nudge = new AbortController()
      try {
        const reading = await this.#database.run(this.#process, readFeed(this.state.version))
        const { clusterIncarnation, metadataVersion, feedFloor, wentBack } = reading.head
        if (metadataVersion < this.state.version) {
          const seen = { clusterIncarnation, metadataVersion: this.state.version }
          await this.#database.run(this.#process, hear({ seen }))
        }
        if (metadataVersion > this.state.version && !wentBack) {
          this.state.advance(metadataVersion, feedFloor, reading.entries)
          this.#history.add(this.#process.clock.monotonicMs(), metadataVersion)
          this.#cluster.reached(metadataVersion)
          for (const listener of [...this.#listeners]) listener()
        }
      } catch {
        // With the database away it goes on serving what it has.
      }
      await wait(this.#process.clock, POLL_MS, this.#nudge.signal)
    }
  }
}
