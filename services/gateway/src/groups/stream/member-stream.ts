import { problemOf } from '@courant/api'
import { BusError, wait } from '@courant/kernel'
import { giveBackRecords } from '../../fetch/partition-fetcher.ts'
import type { ReadHold } from '../../fetch/read-hold.ts'
import { commitLease } from '../commits.ts'
import { type MemberLease, memberRef } from '../poll/member-lease.ts'
import { keyOf } from '../poll/member-positions.ts'
import { MemberReader, type ReadOutcome } from '../poll/member-reader.ts'
import { assignmentOf, type PollParts } from '../poll/poll.ts'
import { PollDocument } from '../poll/poll-document.ts'
import type { PollBounds } from '../poll/poll-request.ts'
import { Unacked } from './unacked.ts'

export interface MemberStreamOptions {
  readonly bounds: PollBounds
  readonly layout: 'lines' | 'events'
  readonly delivery: 'atLeastOnce' | 'atMostOnce'
  readonly maxUnackedRecords: number
  readonly maxUnackedBytes: number
}

/** What the stream writes through. */
export interface StreamOutlet {
  readonly hold: ReadHold
  /** Resolves once the process has passed on all so far, or the reader is gone. */
  readonly sent: () => Promise<void>
  readonly signal: AbortSignal
}

/** How often the coordinator hears that the stream is open, and for how long that is good. */
const BEAT_MS = 3_000
export const OPEN_FOR_MS = 10_000
/** Proxies close connections on which nothing moves. */
const COMMENT_MS = 15_000
const COMMENTS = { lines: Buffer.from('\n'), events: Buffer.from(': heartbeat\n\n') } as const
/**
 * Commits come through any gateway, so a stream that may send no more asks its coordinator what is
 * committed: soon at first, then less often.
 */
const ASK_MS_MIN = 10
const ASK_MS_MAX = 250

/**
 * The records of a member as an endless text: one document, with a token, for what is there; the
 * same as a poll answers. Ends with a problem as its last line or event.
 */
export class MemberStream {
  readonly #parts: PollParts
  readonly #lease: MemberLease
  readonly #options: MemberStreamOptions
  readonly #outlet: StreamOutlet
  readonly #reader: MemberReader
  readonly #unacked = new Unacked()
  #beatAtMs: number
  #textAtMs: number
  #askMs = ASK_MS_MIN
  /** What the client knows of its assignment. */
  #told = ''

  constructor(
    parts: PollParts,
    lease: MemberLease,
    options: MemberStreamOptions,
    outlet: StreamOutlet,
  ) {
    this.#parts = parts
    this.#lease = lease
    this.#options = options
    this.#outlet = outlet
    this.#reader = new MemberReader(parts, lease, outlet.hold)
    this.#beatAtMs = this.#textAtMs = parts.clock.monotonicMs()
  }

  async *run(): AsyncGenerator<Buffer, void, undefined> {
    const { signal } = this.#outlet
    try {
      yield* this.#document(NOTHING)
      while (!signal.aborted) {
        await this.#beat()
        if (this.#isFull || (this.#isRevoking && !this.#unacked.isEmpty)) await this.#askAgain()
        else yield* this.#next()
        yield* this.#comment()
      }
    } catch (thrown) {
      if (!signal.aborted) yield this.#problem(BusError.from(thrown))
    } finally {
      this.#lease.ended()
    }
  }

  get #isFull(): boolean {
    const { maxUnackedRecords, maxUnackedBytes } = this.#options
    return this.#unacked.records >= maxUnackedRecords || this.#unacked.bytes >= maxUnackedBytes
  }

  get #isRevoking(): boolean {
    return this.#lease.state.revoked.length > 0
  }

  async *#next(): AsyncGenerator<Buffer, void, undefined> {
    const { clock } = this.#parts
    const { signal } = this.#outlet
    const read = await this.#reader.next({
      maxBytes: this.#options.bounds.maxBytes,
      deadlineMs: clock.monotonicMs() + BEAT_MS,
      hands: () => (this.#unacked.isEmpty ? 'empty' : 'full'),
      signal,
    })
    if (signal.aborted) return
    if (read.isBlind) throw blind()
    const isChanged = this.#told !== JSON.stringify(assignmentOf(this.#lease))
    if (read.found.length > 0 || read.resets.length > 0 || isChanged) yield* this.#document(read)
    // What was to be given away is gone by the next answer.
    if (this.#isRevoking && this.#unacked.isEmpty) await this.#ask()
  }

  async *#document(read: ReadOutcome): AsyncGenerator<Buffer, void, undefined> {
    const { clock, tokens } = this.#parts
    const { hold, sent } = this.#outlet
    const { bounds, delivery, layout } = this.#options
    const { maxUnackedRecords } = this.#options
    const room = Math.min(bounds.maxRecords, maxUnackedRecords - this.#unacked.records)
    const document = new PollDocument(
      this.#parts,
      read.found,
      { ...bounds, maxRecords: Math.max(1, room) },
      'single',
    )
    await document.add(read.found, hold)
    giveBackRecords(...read.found.map(({ fetched }) => fetched))
    const { request } = this.#lease
    const token = this.#lease.token()
    const leaseToken = await tokens.issue(request, token)
    if (delivery === 'atMostOnce' && token.topics.length > 0) await this.#commit(token)
    const assignment = assignmentOf(this.#lease)
    this.#told = JSON.stringify(assignment)
    const { bytes } = document.take({
      leaseToken,
      ...assignment,
      ...(read.resets.length > 0 ? { resets: read.resets } : {}),
    })
    if (document.recordCount > 0 && delivery === 'atLeastOnce') {
      const reached = new Map(
        read.found.map(({ position }) => [
          keyOf(position.topicId, position.partition),
          position.next ?? 0,
        ]),
      )
      this.#unacked.add({ records: document.recordCount, bytes: bytes.length, reached })
      this.#askMs = ASK_MS_MIN
    }
    hold.set(bytes.buffer.byteLength)
    this.#textAtMs = clock.monotonicMs()
    if (layout === 'events') yield Buffer.from(`id: ${leaseToken}\ndata: `)
    yield bytes
    yield layout === 'events' ? EVENT_END : LINE_END
    await sent()
    hold.release()
  }

  async #commit(token: Parameters<typeof commitLease>[2]): Promise<void> {
    const { coordinators, clock } = this.#parts
    const patience = { deadlineMs: clock.monotonicMs() + OPEN_FOR_MS }
    await commitLease(coordinators, memberRef(this.#lease.request), token, '', patience)
    this.#lease.positions.committed(token)
  }

  async #askAgain(): Promise<void> {
    await wait(this.#parts.clock, this.#askMs, this.#outlet.signal)
    this.#askMs = Math.min(ASK_MS_MAX, this.#askMs * 2)
    if (this.#lease.takeEvent() === 'blind') throw blind()
    if (!this.#outlet.signal.aborted) await this.#ask()
  }

  /** What is committed and owned by now. */
  async #ask(): Promise<void> {
    const { signal } = this.#outlet
    const patience = { deadlineMs: this.#parts.clock.monotonicMs() + OPEN_FOR_MS, signal }
    const hands = this.#unacked.isEmpty ? 'empty' : 'full'
    await this.#lease.refresh(hands, OPEN_FOR_MS, patience)
    this.#unacked.settle(this.#lease.positions)
  }

  async #beat(): Promise<void> {
    const { coordinators, clock } = this.#parts
    const nowMs = clock.monotonicMs()
    if (nowMs - this.#beatAtMs < BEAT_MS) return
    this.#beatAtMs = nowMs
    const { request, memberEpoch } = this.#lease
    const beat = {
      member: memberRef(request),
      memberEpoch,
      endedPoll: 0,
      openForMs: OPEN_FOR_MS,
    }
    const patience = { deadlineMs: nowMs + OPEN_FOR_MS, signal: this.#outlet.signal }
    const { errorCode } = await coordinators.heartbeat(request, beat, patience)
    if (errorCode !== '') throw new BusError('LEASE_EXPIRED', 'The member is not in the group.')
    // Commits are heard of also while there is room, so that the window moves on.
    if (!this.#unacked.isEmpty) await this.#ask()
  }

  *#comment(): Generator<Buffer, void, undefined> {
    const nowMs = this.#parts.clock.monotonicMs()
    if (nowMs - this.#textAtMs < COMMENT_MS) return
    this.#textAtMs = nowMs
    yield COMMENTS[this.#options.layout]
  }

  /** The status is sent; what ends the stream early is its last line or event. */
  #problem(error: BusError): Buffer {
    const problem = JSON.stringify(problemOf(error, this.#lease.request.requestId))
    return Buffer.from(
      this.#options.layout === 'events'
        ? `event: problem\ndata: ${problem}\n\n`
        : `{"problem":${problem}}\n`,
    )
  }
}

const NOTHING: ReadOutcome = {
  found: [],
  resets: [],
  failure: null,
  isRevoked: false,
  isBlind: false,
}
const EVENT_END = Buffer.from('\n\n')
const LINE_END = Buffer.from('\n')

function blind(): BusError {
  return new BusError('NOT_COORDINATOR', 'The coordinator of the group changes: resume the stream.')
}
