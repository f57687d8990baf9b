import { wait } from '@courant/kernel'
import type { Database } from '../../database/database.ts'
import type { ShardTerm } from '../leases/shard-term.ts'
import { EndHistory } from './end-history.ts'
import { type GroupLag, groupKey, type LagSample } from './lag-sample.ts'
import { type BrokerAccess, type LogRange, logKey, readLogRanges } from './log-ranges.ts'
import { readPositions } from './read-positions.ts'
import { sampleGroups } from './sample-groups.ts'

export interface LagSamplerOptions extends BrokerAccess {
  readonly database: Database
  /** Those shards are sampled of which this control plane is the coordinator. */
  readonly coordinator: { readonly heldTerms: readonly ShardTerm[] }
  readonly intervalMs: number
}

/** A sample that is older than so many intervals says nothing of now. */
const STALE_INTERVALS = 3

/**
 * Samples how far behind the groups are that this control plane coordinates, whoever asks: each
 * group has one coordinator, so that each is reported once in a fleet (docs/adr/0012).
 */
export class LagSampler {
  readonly #options: LagSamplerOptions
  readonly #stopping = new AbortController()
  #histories = new Map<string, EndHistory>()
  #last: LagSample | null = null
  #running: Promise<void> = Promise.resolve()

  constructor(options: LagSamplerOptions) {
    this.#options = options
  }

  start(): void {
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  /** The last sample; null when there is none, or only one that is too old. */
  get current(): LagSample | null {
    const { clock, intervalMs } = this.#options
    const { atMs } = this.#last ?? { atMs: Number.NEGATIVE_INFINITY }
    return clock.monotonicMs() - atMs > STALE_INTERVALS * intervalMs ? null : this.#last
  }

  /** Null when it was not sampled, or another control plane does that by now. */
  of(tenantId: string, group: string): GroupLag | null {
    const lag = this.current?.groups.get(groupKey({ tenantId, group }))
    return lag?.term.isHeld ? lag : null
  }

  /** Takes a sample now. Throws CONTROL_PLANE_UNAVAILABLE. */
  async sample(): Promise<void> {
    const { clock, coordinator, database } = this.#options
    const terms = new Map(coordinator.heldTerms.map((term) => [term.shard, term]))
    const { positions, unread } = await readPositions(database, [...terms.keys()])
    const ranges = await readLogRanges(this.#options, positions)
    const nowMs = clock.monotonicMs()
    const histories = this.#extendHistories(nowMs, new Set(positions.map(logKey)), ranges)
    const before = this.#last?.groups ?? new Map<string, GroupLag>()
    const groups = sampleGroups({ nowMs, positions, terms, ranges, histories, before })
    this.#last = { atMs: nowMs, groups, unread }
  }

  /** What no group reads any more is forgotten; what has no leader now is not. */
  #extendHistories(
    nowMs: number,
    wanted: ReadonlySet<string>,
    ranges: ReadonlyMap<string, LogRange>,
  ): ReadonlyMap<string, EndHistory> {
    const histories = new Map<string, EndHistory>()
    for (const key of wanted) {
      const history = this.#histories.get(key) ?? new EndHistory()
      const range = ranges.get(key)
      if (range !== undefined) history.add(nowMs, range.end)
      histories.set(key, history)
    }
    this.#histories = histories
    return histories
  }

  async #run(): Promise<void> {
    const { clock, intervalMs, log } = this.#options
    const { signal } = this.#stopping
    while (!signal.aborted) {
      try {
        await this.sample()
      } catch (err) {
        log.warn({ err }, 'the lag of groups could not be sampled; it is tried again')
      }
      await wait(clock, intervalMs, signal)
    }
  }
}
