import type { BeginPollRequest, BeginPollResponse, MemberRef } from '@courant/api/internal/v1/group'
import { BusError, type Clock } from '@courant/kernel'
import type { Coordinators, Patience } from '../coordinators/coordinators.ts'
import { OpenPoll } from '../coordinators/open-poll.ts'
import type { LeaseToken } from '../tokens/lease-token.ts'
import { MemberPositions } from './member-positions.ts'
import type { MemberRequest } from './poll-request.ts'
import { RevokedPartitions } from './revoked-partitions.ts'

export interface LeaseParts {
  readonly coordinators: Coordinators
  readonly gatewayId: string
  readonly clock: Clock
}

/**
 * A poll or stream of a member while it is open: what the member owns, and what happens to that.
 */
export class MemberLease {
  readonly request: MemberRequest
  readonly positions = new MemberPositions()
  readonly open: OpenPoll
  /** Since it was opened. */
  readonly revoked = new RevokedPartitions()
  memberEpoch = 0
  /** What the coordinator said last. */
  state: BeginPollResponse
  readonly #parts: LeaseParts
  #leave: () => void

  private constructor(
    parts: LeaseParts,
    request: MemberRequest,
    open: OpenPoll,
    leave: () => void,
    state: BeginPollResponse,
  ) {
    this.#parts = parts
    this.request = request
    this.open = open
    this.#leave = leave
    this.state = state
    this.#adopt(state)
  }

  /** Joins the group if the member is not in it; supersedes the member's older poll. */
  static async begin(
    parts: LeaseParts,
    request: MemberRequest,
    hands: 'full' | 'empty',
    openForMs: number,
    patience: Patience,
  ): Promise<MemberLease> {
    const open = new OpenPoll(request)
    let leave = (): void => {}
    try {
      const state = await parts.coordinators.ask(request, patience, (coordinator, timeoutMs) => {
        leave()
        leave = coordinator.watch.add(open)
        const begin = beginRequest(parts, request, 0, hands, openForMs)
        return coordinator.call((client) => client.beginPoll.bind(client), begin, {
          ...patience,
          timeoutMs,
        })
      })
      open.began(state.pollNumber)
      return new MemberLease(parts, request, open, leave, state)
    } catch (error) {
      leave()
      throw error
    }
  }

  get isIdle(): boolean {
    return this.positions.readable.length === 0
  }

  /** Asks what the member owns by now. With empty hands, what it is to give away is given away. */
  async refresh(hands: 'full' | 'empty', openForMs: number, patience: Patience): Promise<void> {
    const { request, open } = this
    const begin = beginRequest(this.#parts, request, open.number, hands, openForMs)
    const { coordinators } = this.#parts
    const method = 'beginPoll' as const
    const state = await coordinators.call(request, (c) => c[method].bind(c), begin, patience)
    this.state = state
    this.#adopt(state)
  }

  /**
   * Asks like `refresh`, and listens where the group is coordinated by now: for who has become
   * blind. Throws POLL_SUPERSEDED and LEASE_EXPIRED if that is so by now.
   */
  async follow(hands: 'full' | 'empty', openForMs: number, patience: Patience): Promise<void> {
    const { request, open } = this
    const begin = beginRequest(this.#parts, request, open.number, hands, openForMs)
    const { coordinators } = this.#parts
    const state = await coordinators.ask(request, patience, (coordinator, timeoutMs) => {
      this.#leave()
      this.#leave = coordinator.watch.add(open)
      return coordinator.call((client) => client.beginPoll.bind(client), begin, {
        ...patience,
        timeoutMs,
      })
    })
    this.state = state
    this.#adopt(state)
  }

  /** A token for all that was handed out and is not committed. */
  token(): LeaseToken {
    const { group, memberId } = this.request
    return {
      group,
      memberId,
      memberEpoch: this.memberEpoch,
      pollNumber: this.open.number,
      issuedAtMs: this.#parts.clock.now(),
      topics: this.positions.uncommitted(),
    }
  }

  /** The session runs from now. In the background: an answer does not wait for it. */
  ended(): void {
    this.#leave()
    const { request, memberEpoch, open } = this
    const { coordinators, clock } = this.#parts
    const beat = { member: memberRef(request), memberEpoch, endedPoll: open.number, openForMs: 0 }
    const patience = { deadlineMs: clock.monotonicMs() + ENDED_MS_MAX }
    void coordinators.heartbeat(request, beat, patience).catch(() => {})
  }

  /** Leaves no trace but the watch's. */
  abandon(): void {
    this.#leave()
  }

  /** Throws what an urgent event means; whether the assignment has changed. */
  takeEvent(): 'assignmentChanged' | 'blind' | null {
    const event = this.open.take()
    if (event === 'superseded') {
      const detail = `A newer poll of member ${JSON.stringify(this.request.memberId)} has begun.`
      throw new BusError('POLL_SUPERSEDED', `${detail} Two processes may use the same memberId.`)
    }
    if (event === 'removed') {
      throw new BusError(
        'LEASE_EXPIRED',
        'The member is no longer in the group: it expired or left.',
      )
    }
    return event
  }

  #adopt(state: BeginPollResponse): void {
    this.memberEpoch = state.memberEpoch
    this.positions.update(state)
    this.revoked.add(state.revoked)
  }
}

/** A coordinator that is away for longer lets the session begin with the poll. */
const ENDED_MS_MAX = 15_000

export function memberRef({ tenantId, group, memberId, principal }: MemberRequest): MemberRef {
  return { tenantId, group, memberId, principal }
}

function beginRequest(
  { gatewayId }: LeaseParts,
  request: MemberRequest,
  pollNumber: number,
  hands: 'full' | 'empty',
  openForMs: number,
): BeginPollRequest {
  const { subscription, assignor, sessionTimeoutMs, rebalanceTimeoutMs } = request
  return {
    member: memberRef(request),
    gatewayId,
    pollNumber,
    subscription,
    assignor: assignor as BeginPollRequest['assignor'],
    sessionTimeoutMs,
    rebalanceTimeoutMs,
    openForMs: Math.ceil(openForMs),
    keepsPartitions: hands === 'full',
    clientAddress: request.clientAddress,
    clientSoftware: request.clientSoftware,
  }
}
