import { BusError, type Clock, limits, wait } from '@courant/kernel'
import type { Leaders } from '../routing/leaders.ts'
import { findOffset, type OffsetQuery } from '../routing/partition-offsets.ts'
import {
  type Fetched,
  type FetchPosition,
  fetchPartition,
  type Isolation,
} from './partition-fetcher.ts'

/** Where a read begins. */
export type StartAt = OffsetQuery | { readonly offset: number }

export interface ReadBounds {
  readonly maxBytes: number
  readonly waitMs: number
  readonly isolation: Isolation
}

/** A leader that is moving or restarting is asked again for this long: nothing is lost by it. */
const RETRY_FOR_MS = 3_000
const RETRY_MS = 50

/**
 * Reads partitions on behalf of callers: finds where to begin, and waits for what is not there yet.
 */
export class PartitionReader {
  readonly #leaders: Leaders
  readonly #clock: Clock

  constructor(leaders: Leaders, clock: Clock) {
    this.#leaders = leaders
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
    const { maxBytes, isolation, waitMs } = bounds
    const deadlineMs = this.#clock.monotonicMs() + waitMs
    while (true) {
      const leftMs = Math.max(0, deadlineMs - this.#clock.monotonicMs())
      const maxWaitMs = Math.min(Math.ceil(leftMs), limits.brokerWaitMsMax)
      const fetched = await this.#retrying(signal, () =>
        this.#fetch(position, { maxBytes, maxWaitMs, isolation }),
      )
      if (fetched.records.length > 0 || leftMs <= maxWaitMs || signal.aborted) return fetched
    }
  }

  async #fetch(
    position: FetchPosition,
    bounds: {
      readonly maxBytes: number
      readonly maxWaitMs: number
      readonly isolation: Isolation
    },
  ): Promise<Fetched> {
    try {
      return await fetchPartition(this.#leaders, position, bounds)
    } catch (error) {
      if (!(error instanceof BusError) || error.code !== 'OFFSET_OUT_OF_RANGE') throw error
      throw await this.#outOfRange(position)
    }
  }

  async #outOfRange({ topicId, partition, offset }: FetchPosition): Promise<BusError> {
    const [start, end] = await Promise.all([
      findOffset(this.#leaders, topicId, partition, 'earliest'),
      findOffset(this.#leaders, topicId, partition, 'latest'),
    ])
    const detail = `Offset ${offset} is outside the log, which has ${start.offset} to ${end.offset}.`
    return new BusError('OFFSET_OUT_OF_RANGE', detail, {
      extra: { logStartOffset: start.offset, highWatermark: end.offset },
    })
  }

  async #retrying<Value>(signal: AbortSignal, attempt: () => Promise<Value>): Promise<Value> {
    const deadlineMs = this.#clock.monotonicMs() + RETRY_FOR_MS
    while (true) {
      try {
        return await attempt()
      } catch (thrown) {
        const error = BusError.from(thrown)
        const isOver = signal.aborted || this.#clock.monotonicMs() >= deadlineMs
        if (isOver || !error.facts.retriable) throw error
      }
      await wait(this.#clock, RETRY_MS, signal)
    }
  }
}
