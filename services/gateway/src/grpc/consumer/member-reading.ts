import { MoveReason } from '@courant/api/v1/consumer_service'
import { BusError, type ErrorCode, wait } from '@courant/kernel'
import { giveBackRecords } from '../../fetch/partition-fetcher.ts'
import type { ReadHold } from '../../fetch/read-hold.ts'
import { MemberReader, type ReadOutcome } from '../../groups/poll/member-reader.ts'
import type { OffsetReset } from '../../groups/poll/offset-resets.ts'
import type { PollParts } from '../../groups/poll/poll.ts'
import type { FoundRange } from '../../groups/poll/range-reader.ts'
import { assignmentKey, assignmentMessage } from './assignment-message.ts'
import type { ConsumerMember } from './consumer-member.ts'
import { type DeliveryParts, deliveries } from './deliveries.ts'
import type { Outlet } from './outlet.ts'

/** How long one read may wait, and how long the coordinator may count on the stream. */
const READ_MS = 3_000
export const OPEN_FOR_MS = 10_000
/** Between tries, where a leader is missing or memory is short. */
const PAUSE_MS = 250

/** They say that the member cannot go on, also where another stream of it could. */
const FINAL: ReadonlySet<ErrorCode> = new Set([
  'POLL_SUPERSEDED',
  'LEASE_EXPIRED',
  'NOT_COORDINATOR',
])

export interface MemberReadingParts extends Pick<DeliveryParts, 'format' | 'maxMessageBytes'> {
  readonly groups: PollParts
  readonly member: ConsumerMember
  readonly outlet: Outlet
  readonly hold: ReadHold
  readonly signal: AbortSignal
}

/** What comes to a member by itself: its assignment, and the records that it has credit for. */
export class MemberReading {
  readonly #parts: MemberReadingParts
  readonly #reader: MemberReader
  /** What the member knows of its assignment. */
  #told = ''

  constructor(parts: MemberReadingParts) {
    this.#parts = parts
    this.#reader = new MemberReader(parts.groups, parts.member.lease, parts.hold)
  }

  /** Until the signal aborts. Throws what ends the stream. */
  async run(): Promise<void> {
    const { member, hold, signal } = this.#parts
    const wake = (): void => member.wake()
    signal.addEventListener('abort', wake, { once: true })
    try {
      member.adopt()
      await this.#tellAssignment()
      while (!signal.aborted) await this.#round()
    } catch (error) {
      if (!signal.aborted) throw error
    } finally {
      signal.removeEventListener('abort', wake)
      hold.release()
    }
  }

  async #round(): Promise<void> {
    const { member, hold, signal } = this.#parts
    const waking = member.arm()
    if (signal.aborted) return
    const read = await this.#read(waking)
    if (read === null || signal.aborted) return
    if (read.isBlind) await this.#follow()
    member.adopt()
    await this.#tellAssignment()
    for (const reset of read.resets) await this.#tellReset(reset)
    for (const range of read.found) await this.#deliver(range)
    giveBackRecords(...read.found.map(({ fetched }) => fetched))
    hold.release()
  }

  /** Null: nothing could be read now, but may be soon. */
  async #read(signal: AbortSignal): Promise<ReadOutcome | null> {
    const { groups, member, maxMessageBytes } = this.#parts
    try {
      return await this.#reader.next({
        maxBytes: Math.min(maxMessageBytes, Math.max(1, member.credit.bytes)),
        deadlineMs: groups.clock.monotonicMs() + READ_MS,
        hands: () => 'full',
        signal,
        // The member hears of them at once.
        onNews: () => member.wake(),
        mayRead: (position) => member.mayRead(position),
      })
    } catch (thrown) {
      const error = BusError.from(thrown)
      // What was to be heard of the coordinator may be lost with it.
      member.lease.open.add('assignmentChanged')
      if (signal.aborted && error.code === 'NOT_COORDINATOR') return null
      if (FINAL.has(error.code) || !error.facts.retriable) throw error
      await wait(groups.clock, PAUSE_MS, this.#parts.signal)
      return null
    }
  }

  /** The coordinator was not heard for a moment: what it has to say is asked for. */
  async #follow(): Promise<void> {
    const { groups, member, signal } = this.#parts
    const patience = { deadlineMs: groups.clock.monotonicMs() + OPEN_FOR_MS, signal }
    await member.lease.follow('full', OPEN_FOR_MS, patience)
  }

  async #tellAssignment(): Promise<void> {
    const { member, outlet } = this.#parts
    const value = assignmentMessage(member)
    const key = assignmentKey(value)
    if (key === this.#told) return
    this.#told = key
    await outlet.send({ $case: 'assignment', value })
  }

  async #tellReset({ topic, partition, reason, from, to }: OffsetReset): Promise<void> {
    const value = {
      topic,
      partition,
      reason: MoveReason[`MOVE_REASON_${reason}`],
      from: from ?? undefined,
      to,
      problem: undefined,
    }
    await this.#parts.outlet.send({ $case: 'positionMoved', value })
  }

  /** As far as there is credit. What is left is read again: unsent, it would hold memory. */
  async #deliver(range: FoundRange): Promise<void> {
    const { groups, member, outlet, signal } = this.#parts
    const { position } = range
    const { credit } = member
    const { buffers } = groups
    let expected = position.offset
    const messages = deliveries(range, { ...this.#parts, credit, buffers })
    // The member may have sought, paused or lost it meanwhile; asked before each is made.
    const isWanted = (): boolean => position.next === expected && member.mayRead(position)
    while (!signal.aborted && isWanted()) {
      const { value: delivery } = messages.next()
      if (delivery === undefined) return
      const { message, from, nextOffset, leaderEpoch } = delivery
      position.next = expected = nextOffset
      if (leaderEpoch >= 0) position.leaderEpoch = leaderEpoch
      member.delivered.add(position, from, nextOffset, leaderEpoch)
      await outlet.sendEncoded(message)
    }
  }
}
