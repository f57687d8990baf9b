import { type BusError, type Clock, limits, type Random } from '@courant/kernel'
import type { ReadHold } from '../../fetch/read-hold.ts'
import type { MemberLease } from './member-lease.ts'
import type { MemberPosition, ReadPosition } from './member-positions.ts'
import type { OffsetReset, OffsetResets } from './offset-resets.ts'
import type { FoundRange, RangeReader, Round } from './range-reader.ts'

/** Whether records that were handed out may be in work. */
type Hands = 'full' | 'empty'

export interface ReadWants {
  readonly maxBytes: number
  /** When to give up waiting, on the monotonic clock. */
  readonly deadlineMs: number
  /** Asked whenever the assignment has changed. */
  readonly hands: () => Hands | Promise<Hands>
  /** Ends the wait early: the caller has gone, the gateway stops, or something else is known. */
  readonly signal: AbortSignal
  /** Told of an assignment that is known anew, and of moved positions; it may abort `signal`. */
  readonly onNews?: () => void
  /** What else is not to be read now; absent: nothing. */
  readonly mayRead?: (position: MemberPosition) => boolean
}

export interface ReadOutcome {
  readonly found: readonly FoundRange[]
  readonly resets: readonly OffsetReset[]
  /** Why no partition could be read; null if one could, though it may have had nothing. */
  readonly failure: BusError | null
  /** Partitions are to be given away, or just were: the member should hear of it. */
  readonly isRevoked: boolean
  /** The coordinator is not heard: whether the poll was superseded is not known any more. */
  readonly isBlind: boolean
}

/** How long the session outlasts the end of the wait, before its own timeout counts. */
const OPEN_MARGIN_MS = 5_000

export interface MemberReaderParts {
  readonly ranges: RangeReader
  readonly resets: OffsetResets
  readonly clock: Clock
  readonly random: Random
}

/** What is next for a member: reads, waits, and follows its assignment meanwhile. */
export class MemberReader {
  readonly #parts: MemberReaderParts
  readonly #lease: MemberLease
  readonly #hold: ReadHold
  /** Which partition is asked for first: any one at first, then in turns. */
  #turn: number

  constructor(parts: MemberReaderParts, lease: MemberLease, hold: ReadHold) {
    this.#parts = parts
    this.#lease = lease
    this.#hold = hold
    this.#turn = Math.floor(parts.random.next() * limits.partitionsPerTopicMax)
  }

  /**
   * Until there are records, the deadline has passed, or something is to be told. Throws
   * POLL_SUPERSEDED, LEASE_EXPIRED, NO_COMMITTED_OFFSET, OFFSET_OUT_OF_RANGE, THROTTLED, BUSY.
   * `hold` has the memory of what was found.
   */
  async next(wants: ReadWants): Promise<ReadOutcome> {
    const { clock } = this.#parts
    const resets: OffsetReset[] = []
    let isRevoked = this.#lease.state.revoked.length > 0
    while (true) {
      const event = this.#lease.takeEvent()
      if (event === 'assignmentChanged') {
        await this.#refresh(wants)
        wants.onNews?.()
        isRevoked ||= this.#lease.state.revoked.length > 0
      }
      const told = resets.length
      const positions = await this.#known(resets, wants)
      const known = resets.length
      if (known > told) wants.onNews?.()
      const round = await this.#round(positions, wants)
      for (const position of round.outOfRange) {
        const { autoOffsetReset } = this.#lease.request
        const reset = await this.#parts.resets.outOfRange(position, autoOffsetReset)
        if (reset !== null) resets.push(reset)
      }
      // What was moved is read now, also by a poll that does not wait.
      const isMoved = resets.length > known && round.found.length === 0
      if (isMoved && !wants.signal.aborted) continue
      const isOver = wants.signal.aborted || clock.monotonicMs() >= wants.deadlineMs
      const isBlind = event === 'blind'
      if (round.found.length > 0 || isOver || isRevoked || isBlind) {
        const isUnreadable = round.failures.length === positions.length
        const failure = isUnreadable ? (round.failures[0] ?? null) : null
        return { found: round.found, resets, failure, isRevoked, isBlind }
      }
      if (round.outOfRange.length === 0) await this.#wait(positions, round, wants)
    }
  }

  async #refresh({ deadlineMs, hands, signal }: ReadWants): Promise<void> {
    const leftMs = Math.max(0, deadlineMs - this.#parts.clock.monotonicMs())
    const patience = { deadlineMs: deadlineMs + OPEN_MARGIN_MS, signal }
    await this.#lease.refresh(await hands(), leftMs + OPEN_MARGIN_MS, patience)
  }

  /** What may be read, with a place to read at, beginning with the partition whose turn it is. */
  async #known(resets: OffsetReset[], { signal, mayRead }: ReadWants): Promise<ReadPosition[]> {
    const { readable: all } = this.#lease.positions
    const readable = mayRead === undefined ? all : all.filter(mayRead)
    const { autoOffsetReset } = this.#lease.request
    const missing = readable.filter(({ next }) => next === null)
    const found = await Promise.all(
      missing.map((position) => this.#parts.resets.first(position, autoOffsetReset, signal)),
    )
    resets.push(...found)
    const turn = readable.length === 0 ? 0 : this.#turn % readable.length
    this.#turn += 1
    return [...readable.slice(turn), ...readable.slice(0, turn)].map((position) =>
      Object.assign(position, { offset: position.next ?? 0 }),
    )
  }

  async #round(positions: readonly ReadPosition[], wants: ReadWants): Promise<Round> {
    if (positions.length === 0) return { found: [], outOfRange: [], failures: [] }
    const { deadlineMs, maxBytes, signal } = wants
    const roomMs = deadlineMs + limits.readRoomMsMax - this.#parts.clock.monotonicMs()
    return this.#parts.ranges.read(positions, maxBytes, this.#hold, roomMs, signal)
  }

  /** An event ends it, and so does what ends the whole. */
  async #wait(positions: readonly ReadPosition[], round: Round, wants: ReadWants): Promise<void> {
    const { open } = this.#lease
    if (open.hasEvent) return
    const waking = new AbortController()
    const wake = (): void => waking.abort()
    open.onEvent = wake
    wants.signal.addEventListener('abort', wake, { once: true })
    if (wants.signal.aborted) wake()
    const waitMs = Math.max(0, wants.deadlineMs - this.#parts.clock.monotonicMs())
    await this.#parts.ranges.wait(positions, round, waitMs, waking.signal)
    wants.signal.removeEventListener('abort', wake)
    open.onEvent = () => {}
  }
}
