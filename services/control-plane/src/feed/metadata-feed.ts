/**
 * Reads the feed for all watchers of this process: one reader of the database, whatever their
 * number. With the database away it keeps serving what it has.
 */
import { BusError, type Clock, wait } from '@courant/kernel'
import type { Logger } from '@courant/service-kit'
import type { Cluster } from '../cluster.ts'
import { hear } from '../rollback/hear.ts'
import { FeedState } from './feed-state.ts'
import { forgetDeletions } from './forget-deletions.ts'
import { type FeedReading, readFeed, readFeedAndDigest } from './read-feed.ts'
import type { DigestSums } from './running-digest.ts'
import { VersionHistory } from './version-history.ts'

export interface MetadataFeedOptions {
  readonly cluster: Cluster
  readonly clock: Clock
  readonly log: Logger
}

export interface PublishedDigest {
  readonly version: number
  readonly sums: DigestSums
}

/** How often to look without having been woken: notifications are hints, and may get lost. */
const POLL_MS = 1_000
const DIGEST_MS = 60_000
const FORGET_MS = 3_600_000
/** Without a reading for so long, this process is not a good one to ask. */
const STALE_MS = 10_000

const WENT_BACK =
  'METADATA_ROLLBACK: the database went back in time. Nothing is decided until the right one is back, ' +
  'or an operator goes on with this one: `courant cluster restore` says what that would lose.'

export class MetadataFeed {
  readonly #options: MetadataFeedOptions
  readonly #history: VersionHistory
  readonly #listeners = new Set<() => void>()
  readonly #stopping = new AbortController()
  #state: FeedState
  #digest: PublishedDigest | null = null
  #nudge = new AbortController()
  #readAtMs: number
  #digestAtMs: number
  #forgotAtMs: number
  #problem: string | null = null
  #running: Promise<void> = Promise.resolve()

  private constructor(options: MetadataFeedOptions, { head, entries }: FeedReading) {
    this.#options = options
    this.#state = new FeedState(head.metadataVersion, head.feedFloor, entries)
    const nowMs = options.clock.monotonicMs()
    this.#readAtMs = nowMs
    this.#digestAtMs = nowMs
    this.#forgotAtMs = nowMs
    this.#history = new VersionHistory(nowMs, head.metadataVersion)
    options.cluster.reached(head.metadataVersion)
  }

  /** Resolves with the whole feed read once. */
  static async open(options: MetadataFeedOptions): Promise<MetadataFeed> {
    return new MetadataFeed(options, await readFeed(options.cluster.database, 0))
  }

  /** Another object after a new incarnation or a repair: watchers then begin with a snapshot. */
  get state(): FeedState {
    return this.#state
  }

  /** Of the tables, at some version that was current a minute ago at most. */
  get digest(): PublishedDigest | null {
    return this.#digest
  }

  /** Null while the feed follows the database; otherwise what is wrong. */
  get problem(): string | null {
    const silentMs = this.#options.clock.monotonicMs() - this.#readAtMs
    if (this.#problem !== null) return this.#problem
    return silentMs > STALE_MS ? 'The database has not answered for a while.' : null
  }

  /** The version that was current so long ago; 0 if this process was not there to see. */
  versionBefore(agoMs: number): number {
    return this.#history.at(this.#options.clock.monotonicMs() - agoMs)
  }

  start(): void {
    this.#running = this.#run()
  }

  /** Something may have been committed: look now. */
  hint(): void {
    this.#nudge.abort()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#nudge.abort()
    this.#tell()
    await this.#running
  }

  get isStopping(): boolean {
    return this.#stopping.signal.aborted
  }

  /** Resolves at the next change of the state or the digest, or when `signal` aborts. */
  changed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const finish = (): void => {
        this.#listeners.delete(finish)
        signal.removeEventListener('abort', finish)
        resolve()
      }
      this.#listeners.add(finish)
      signal.addEventListener('abort', finish, { once: true })
      if (signal.aborted || this.isStopping) finish()
    })
  }

  /** Looks at once, and again until the version is there or the time is over. */
  async atLeast(version: number, timeoutMs: number): Promise<void> {
    const over = new AbortController()
    const timer = this.#options.clock.setTimer(timeoutMs, () => over.abort())
    this.hint()
    while (this.#state.version < version && !over.signal.aborted && !this.isStopping) {
      await this.changed(over.signal)
    }
    timer.cancel()
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#options
    let isAway = false
    while (!this.isStopping) {
      this.#nudge = new AbortController()
      try {
        await this.#read()
        await this.#forget()
        isAway = false
      } catch (error) {
        if (!isAway) log.warn({ err: error }, 'the metadata feed cannot be read')
        isAway = true
      }
      if (!this.isStopping) await wait(clock, POLL_MS, this.#nudge.signal)
    }
  }

  async #read(): Promise<void> {
    const { cluster, clock } = this.#options
    if (clock.monotonicMs() - this.#digestAtMs < DIGEST_MS) {
      await this.#follow(await readFeed(cluster.database, this.#state.version))
      return
    }
    // Anti-entropy (B1.6): the copy that everybody is served from must be what the tables say.
    const reading = await readFeedAndDigest(cluster.database, this.#state.version)
    this.#digestAtMs = clock.monotonicMs()
    if (await this.#follow(reading)) await this.#compare(reading.sums)
  }

  /** Moves on to what was read; returns whether the state is now that of the reading. */
  async #follow({ head, entries }: FeedReading): Promise<boolean> {
    const { cluster, clock } = this.#options
    this.#readAtMs = clock.monotonicMs()
    const { clusterId, clusterIncarnation } = cluster.identity
    if (head.clusterId !== clusterId || head.clusterIncarnation < clusterIncarnation) {
      return this.#refuse('METADATA_ROLLBACK: the database is that of another cluster.')
    }
    if (head.clusterIncarnation > clusterIncarnation) {
      await this.#reload()
      return false
    }
    if (head.wentBack) return this.#refuse(WENT_BACK)
    if (head.metadataVersion < this.#state.version) {
      this.#refuse(WENT_BACK)
      // For control planes that have not seen it.
      const seen = { clusterIncarnation, metadataVersion: this.#state.version }
      await hear(cluster, { seen }).catch(passRollback)
      return false
    }
    this.#problem = null
    if (head.metadataVersion === this.#state.version) return true
    this.#state.advance(head.metadataVersion, head.feedFloor, entries)
    this.#history.add(this.#readAtMs, head.metadataVersion)
    cluster.reached(head.metadataVersion)
    this.#tell()
    return true
  }

  async #reload(): Promise<void> {
    const { cluster, log } = this.#options
    const { head, entries } = await readFeed(cluster.database, 0)
    cluster.adopt(head)
    cluster.reached(head.metadataVersion)
    this.#problem = null
    this.#digest = null
    this.#state = new FeedState(head.metadataVersion, head.feedFloor, entries)
    this.#history.restart(this.#options.clock.monotonicMs(), head.metadataVersion)
    log.warn({ head }, 'the metadata feed was read anew')
    this.#tell()
  }

  /** With the tables at the version of the state. */
  async #compare(sums: DigestSums): Promise<void> {
    const { version, digest } = this.#state
    if (sums.gateway !== digest.gateway || sums.broker !== digest.broker) {
      this.#options.log.error({ version }, 'the copy of the metadata differs from the tables')
      return this.#reload()
    }
    this.#digest = { version, sums }
    this.#tell()
  }

  async #forget(): Promise<void> {
    const { cluster, clock } = this.#options
    if (clock.monotonicMs() - this.#forgotAtMs < FORGET_MS) return
    this.#forgotAtMs = clock.monotonicMs()
    await forgetDeletions(cluster.database)
  }

  #refuse(problem: string): false {
    if (this.#problem !== problem) this.#options.log.error(problem)
    this.#problem = problem
    return false
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener()
  }
}

/** It says what is reported. */
function passRollback(error: unknown): void {
  if (BusError.from(error).code !== 'METADATA_ROLLBACK') throw error
}
