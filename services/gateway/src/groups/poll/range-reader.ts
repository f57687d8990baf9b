import { BusError, limits } from '@courant/kernel'
import type { LongPolls } from '../../fetch/long-polls.ts'
import type { Fetched } from '../../fetch/partition-fetcher.ts'
import { type FetchedRange, fetchRanges } from '../../fetch/range-fetcher.ts'
import type { ReadHold } from '../../fetch/read-hold.ts'
import type { Leaders } from '../../routing/leaders.ts'
import type { ReadPosition } from './member-positions.ts'

/** Records that were found at a position. */
export interface FoundRange {
  readonly position: ReadPosition
  readonly fetched: Fetched
}

/** What a round of reading came to. */
export interface Round {
  readonly found: readonly FoundRange[]
  /** Their positions are not in the log. */
  readonly outOfRange: readonly ReadPosition[]
  /** Why others could not be read now; a leader that moves is found again. */
  readonly failures: readonly BusError[]
}

/** Where a leader is missing, nobody tells when there is one again: it is looked for. */
const LOOK_AGAIN_MS = 250
/** Isolation of group members: what is not committed is not theirs to process. */
const ISOLATION = 'committed' as const

/**
 * Reads the partitions of a member together: one request to each leader. The order begins anywhere,
 * so that no partition starves behind those that always have records.
 */
export class RangeReader {
  readonly #leaders: Leaders
  readonly #polls: LongPolls

  constructor(leaders: Leaders, polls: LongPolls) {
    this.#leaders = leaders
    this.#polls = polls
  }

  /**
   * What is there now. `hold` has the memory of the records and of their text afterwards, nothing
   * if there are none. Throws THROTTLED or BUSY when there was no room within `roomMs`.
   */
  async read(
    positions: readonly ReadPosition[],
    maxBytes: number,
    hold: ReadHold,
    roomMs: number,
    signal: AbortSignal,
  ): Promise<Round> {
    const refusal = await hold.take(
      memoryOf(Math.max(maxBytes, limits.batchBytesDefault)),
      roomMs,
      signal,
    )
    if (refusal !== null) throw refusal
    const ranges = await fetchRanges(this.#leaders, positions, { maxBytes, isolation: ISOLATION })
    const round = roundOf(ranges)
    const bytes = round.found.reduce((sum, { fetched }) => sum + fetched.records.length, 0)
    // A first batch comes whole, and each leader gives one: it is in memory already.
    hold.set(memoryOf(bytes))
    return round
  }

  /** Until one of the positions has something, at most `waitMs` or until `signal` aborts. */
  async wait(
    positions: readonly ReadPosition[],
    { failures }: Round,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    const ms = failures.length > 0 ? Math.min(waitMs, LOOK_AGAIN_MS) : waitMs
    await this.#polls.waitForAny(positions, ISOLATION, ms, signal)
  }
}

function roundOf(ranges: readonly FetchedRange<ReadPosition>[]): Round {
  const found: FoundRange[] = []
  const outOfRange: ReadPosition[] = []
  const failures: BusError[] = []
  for (const { position, outcome } of ranges) {
    if (!(outcome instanceof BusError)) {
      if (outcome.records.length > 0) found.push({ position, fetched: outcome })
    } else if (outcome.code === 'OFFSET_OUT_OF_RANGE') outOfRange.push(position)
    else failures.push(outcome)
  }
  return { found, outOfRange, failures }
}

/** Of stored bytes and their text. */
function memoryOf(storedBytes: number): number {
  return 2 * storedBytes
}
