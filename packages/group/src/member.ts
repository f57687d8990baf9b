import type { Now, Poll } from './calls.ts'
import type { GroupPartition } from './group-partition.ts'
import type { MemberRow } from './rows.ts'
import { SharingWatch } from './sharing-watch.ts'
import type { ResolvedSubscription } from './subscriptions.ts'

/** A poll, or a stream, that waits at a gateway. */
export interface OpenPoll {
  readonly number: number
  readonly gatewayId: string
  readonly caller: string
}

/**
 * A poll that is open at a takeover is answered once its gateway has heard of that, and the session
 * runs from the answer; of which the new coordinator hears late, if it cannot be reached.
 */
export const LATE_ANSWER_MS = 5_000

/**
 * A member: who it is and what it may keep is stored, its session and polls are memory. What it
 * owns is changed by `Ownership` alone.
 */
export class Member {
  readonly memberId: string
  readonly principal: string
  readonly joinedAtMs: number
  readonly joinEpoch: number
  readonly #sharing = new SharingWatch()
  subscription: ResolvedSubscription
  sessionTimeoutMs: number
  rebalanceTimeoutMs: number
  clientAddress: string
  clientSoftware: string
  heldEpoch: number | null

  readonly owned = new Set<GroupPartition>()
  /** Of these, what is to be another's, or nobody's. */
  readonly owing = new Set<GroupPartition>()
  /** What is to be this member's. */
  readonly awaited = new Set<GroupPartition>()
  /** Lost since it was last told. */
  readonly lost = new Set<GroupPartition>()

  sessionEndsAtMs: number
  /** Since when something is to be released; by the monotonic clock, and by the wall. */
  releaseWantedSince: Now | null = null
  /** The newest poll that is known, open or not; 0 since a takeover. */
  lastPoll = 0
  openPoll: OpenPoll | null = null
  /** No poll up to this one may be in work unnoticed: what began before a takeover counts. */
  offeredUpTo: number
  /** `empty`: nothing that was handed out is in work, until the next poll begins. */
  hands: 'empty' | 'full' = 'full'
  lastPollAtMs: number
  lastCommitAtMs: number | null = null

  constructor(
    row: MemberRow,
    subscription: ResolvedSubscription,
    { now, offeredUpTo }: { readonly now: Now; readonly offeredUpTo: number },
  ) {
    this.memberId = row.memberId
    this.principal = row.principal
    this.joinedAtMs = row.joinedAtMs
    this.joinEpoch = row.joinEpoch
    this.subscription = subscription
    this.sessionTimeoutMs = row.sessionTimeoutMs
    this.rebalanceTimeoutMs = row.rebalanceTimeoutMs
    this.clientAddress = row.clientAddress
    this.clientSoftware = row.clientSoftware
    this.heldEpoch = row.heldEpoch
    this.sessionEndsAtMs = now.monotonicMs + row.sessionTimeoutMs + LATE_ANSWER_MS
    this.lastPollAtMs = now.wallMs
    this.offeredUpTo = offeredUpTo
  }

  get row(): MemberRow {
    return {
      memberId: this.memberId,
      principal: this.principal,
      subscription: this.subscription.subscription,
      sessionTimeoutMs: this.sessionTimeoutMs,
      rebalanceTimeoutMs: this.rebalanceTimeoutMs,
      joinedAtMs: this.joinedAtMs,
      joinEpoch: this.joinEpoch,
      heldEpoch: this.heldEpoch,
      clientAddress: this.clientAddress,
      clientSoftware: this.clientSoftware,
    }
  }

  /** When it is to be removed if nothing is heard, or if it still owes partitions then. */
  get deadlineMs(): number {
    const since = this.releaseWantedSince?.monotonicMs
    if (since === undefined) return this.sessionEndsAtMs
    return Math.min(this.sessionEndsAtMs, since + this.rebalanceTimeoutMs)
  }

  /** What a poll of it says besides. Answers whether what is stored of it changes. */
  adopt(poll: Poll): boolean {
    const hasChanged =
      this.sessionTimeoutMs !== poll.sessionTimeoutMs ||
      this.rebalanceTimeoutMs !== poll.rebalanceTimeoutMs
    this.sessionTimeoutMs = poll.sessionTimeoutMs
    this.rebalanceTimeoutMs = poll.rebalanceTimeoutMs
    this.clientAddress = poll.clientAddress
    this.clientSoftware = poll.clientSoftware
    return hasChanged
  }

  /** The poll is the one that is open now. */
  opened(poll: Poll, number: number, now: Now): void {
    this.openPoll = { number, gatewayId: poll.gatewayId, caller: callerOf(poll) }
    this.lastPoll = number
    this.lastPollAtMs = now.wallMs
    this.offeredUpTo = Math.max(this.offeredUpTo, number)
  }

  /** The poll ends the open one: does that make it one more of two processes that share the id? */
  isShared(poll: Poll, { monotonicMs }: Now): boolean {
    if (this.openPoll === null) return false
    const callers = { older: this.openPoll.caller, newer: callerOf(poll) }
    return this.#sharing.superseded(callers, { monotonicMs, withinMs: this.sessionTimeoutMs })
  }
}

function callerOf({ clientAddress, clientSoftware }: Poll): string {
  return `${clientAddress} ${clientSoftware}`
}
