import { BusError, type Clock, wait } from '@courant/kernel'
import { recordBatches } from '@courant/record-batch'
import type { Leaders } from '../routing/leaders.ts'
import { outOfRange } from '../routing/out-of-range.ts'
import { findOffset, type OffsetQuery } from '../routing/partition-offsets.ts'
import type { LongPolls } from './long-polls.ts'
import {
  type FetchBounds,
  type Fetched,
  type FetchPosition,
  fetchPartition,
} from './partition-fetcher.ts'

/** Where a read begins. */
export type StartAt = OffsetQuery | { readonly offset: number }

export interface ReadBounds extends FetchBounds {
  readonly waitMs: number
}

/** A leader that is moving or restarting is asked again for this long: nothing is lost by it. */
const RETRY_FOR_MS = 3_000
const RETRY_MS = 50

/**
 * Reads partitions on behalf of callers: finds where to begin, and waits for what is not there yet.
 */
export class PartitionReader {
  readonly #leaders: Leaders
  readonly #polls: LongPolls
  readonly #clock: Clock

  constructor(leaders: Leaders, polls: LongPolls, clock: Clock) {
    this.#leaders = leaders
    this.#polls = polls
    this.#clock = clock
  }

  /** The offset that a read begins at. A timestamp after the last record stands for the end. */
  async startOffset(
    { topicId, partition }: Omit<FetchPosition, 'offset'>,
    start: StartAt,
    signal: AbortSignal,
  ): Promise<number> {
    if (typeof start === 'object' && 'offset' in start) return start.offset
    return this.#retrying(signal, async () => {
      const { offset } = await findOffset(this.#leaders, topicId, partition, start)
      if (offset >= 0) return offset
      return (await findOffset(this.#leaders, topicId, partition, 'latest')).offset
    })
  }

  /**
   * Fetches from a position, and waits up to `waitMs` while nothing is there. Ends early and empty
   * when `signal` aborts. Out of range is OFFSET_OUT_OF_RANGE with both ends of the log.
   */
  async read(position: FetchPosition, bounds: ReadBounds, signal: AbortSignal): Promise<Fetched> {
    const { isolation, waitMs } = bounds
    const deadlineMs = this.#clock.monotonicMs() + waitMs
    return this.#retrying(signal, async () => {
      const fetched = await this.#fetch(position, bounds)
      const leftMs = deadlineMs - this.#clock.monotonicMs()
      if (fetched.records.length > 0 || leftMs <= 0) return fetched
      const waited = await this.#polls.wait(position, isolation, leftMs, signal)
      return waited === null ? fetched : withinBytes(waited, bounds.maxBytes)
    })
  }

  async #fetch(position: FetchPosition, bounds: FetchBounds): Promise<Fetched> {
    try {
      return await fetchPartition(this.#leaders, position, bounds)
    } catch (error) {
      if (!(error instanceof BusError) || error.code !== 'OFFSET_OUT_OF_RANGE') throw error
      const { topicId, partition, offset } = position
      throw await outOfRange(this.#leaders, topicId, partition, offset)
    }
  }

  /** Counts from the first failure: what a wait has taken before is not held against it. */
  async #retrying<Value>(signal: AbortSignal, attempt: () => Promise<Value>): Promise<Value> {
    let giveUpAtMs = 0
    while (true) {
      const startedMs = this.#clock.monotonicMs()
      try {
        return await attempt()
      } catch (thrown) {
        const error = BusError.from(thrown)
        const nowMs = this.#clock.monotonicMs()
        const isFirst = giveUpAtMs === 0 || nowMs - startedMs > RETRY_FOR_MS
        if (isFirst) giveUpAtMs = nowMs + RETRY_FOR_MS
        if (signal.aborted || nowMs >= giveUpAtMs || !error.facts.retriable) throw error
      }
      await wait(this.#clock, RETRY_MS, signal)
    }
  }
}

/** The batches that fit, the first one in any case: a poll asks for what suits all its readers. */
function withinBytes(fetched: Fetched, maxBytes: number): Fetched {
  const { records } = fetched
  if (records.length <= maxBytes) return fetched
  let end = 0
  for (const batch of recordBatches(records)) {
    if (end > 0 && end + batch.size > maxBytes) break
    end += batch.size
  }
  return { ...fetched, records: records.subarray(0, end) }
}
