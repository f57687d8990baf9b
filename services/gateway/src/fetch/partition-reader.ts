import { BusError, type Clock, limits, wait } from '@courant/kernel'
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
import type { ReadHold } from './read-hold.ts'

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
   *
   * `hold` has the memory of the answer afterwards, its text included, to be given back by the
   * caller; and of a fetch while it is under way, but nothing during a wait or after a failure.
   * THROTTLED or BUSY when there was no room until the wait was over and for some time more.
   */
  async read(
    position: FetchPosition,
    bounds: ReadBounds,
    hold: ReadHold,
    signal: AbortSignal,
  ): Promise<Fetched> {
    const deadlineMs = this.#clock.monotonicMs() + bounds.waitMs
    const outcome = await this.#retrying(signal, () =>
      this.#attempt(position, bounds, deadlineMs, hold, signal),
    )
    if (outcome instanceof BusError) throw outcome
    return outcome
  }

  /** Why there is no room is returned: thrown, it would be tried again like a leader that moves. */
  async #attempt(
    position: FetchPosition,
    bounds: FetchBounds,
    deadlineMs: number,
    hold: ReadHold,
    signal: AbortSignal,
  ): Promise<Fetched | BusError> {
    const { maxBytes, isolation } = bounds
    let bytes = memoryOf(Math.max(maxBytes, limits.batchBytesDefault))
    while (true) {
      const roomMs = deadlineMs + limits.readRoomMsMax - this.#clock.monotonicMs()
      const taking = hold.take(bytes, roomMs, signal)
      const refusal = taking === null ? null : await taking
      if (refusal !== null) return refusal
      const fetched = await this.#fetchHeld(position, bounds, hold)
      bytes = memoryOf(fetched.records.length)
      // A first batch that is larger than what was asked for: it is dropped, and waited for.
      if (!hold.resize(bytes)) continue
      const leftMs = deadlineMs - this.#clock.monotonicMs()
      if (fetched.records.length > 0 || leftMs <= 0) return fetched
      const waited = await this.#polls.wait(position, isolation, leftMs, signal)
      if (waited === null) return fetched
      const found = withinBytes(waited, maxBytes)
      bytes = memoryOf(found.records.length)
      // A crowd that waited for one record need not fit at once. Who does not, fetches it later.
      if (hold.resize(bytes)) return found
    }
  }

  async #fetchHeld(position: FetchPosition, bounds: FetchBounds, hold: ReadHold): Promise<Fetched> {
    try {
      return await this.#fetch(position, bounds)
    } catch (error) {
      hold.release()
      throw error
    }
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

/** Of stored bytes and their text, which is hardly larger, save for compressed or tiny records. */
function memoryOf(storedBytes: number): number {
  return 2 * storedBytes
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
