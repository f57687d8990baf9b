import type { AssignorName } from './assignors/assignor.ts'
import type { PartitionRef } from './rows.ts'
import type { Subscription } from './subscription.ts'
import type { Timeouts } from './timeouts.ts'

/** Both clocks of one instant: sessions run by the one that never jumps, people read the other. */
export interface Now {
  readonly wallMs: number
  readonly monotonicMs: number
}

/** A topic of the tenant, subscribed to or not. */
export interface Topic {
  readonly topicId: string
  readonly name: string
  /** How many. */
  readonly partitions: number
}

export interface Poll extends Timeouts {
  readonly memberId: string
  readonly principal: string
  /** Whose watch hears of this poll. */
  readonly gatewayId: string
  /** 0 for a poll that begins; else the number of the open poll that asks anew what it has. */
  readonly pollNumber: number
  readonly subscription: Subscription
  /** Null: whatever the group has, uniform for a new one. */
  readonly assignor: AssignorName | null
  /** The session does not run out before this and the session's timeout have passed. */
  readonly openForMs: number
  /** Records were handed out that may be in work: partitions that are to move are kept. */
  readonly keepsPartitions: boolean
  readonly clientAddress: string
  readonly clientSoftware: string
}

export interface AssignedTopic {
  readonly topicId: string
  readonly topic: string
  readonly partitions: readonly {
    readonly partition: number
    readonly assignmentEpoch: number
  }[]
}

export interface TopicPartitions {
  readonly topicId: string
  readonly topic: string
  readonly partitions: readonly number[]
}

export type IdleReason =
  | 'MORE_MEMBERS_THAN_PARTITIONS'
  | 'WAITING_FOR_RELEASE'
  | 'NO_MATCHING_TOPIC'

/** All in the order of topic names and partitions. */
export interface PollAnswer {
  readonly pollNumber: number
  readonly memberEpoch: number
  /** What the member owns; what is also in `revoked` is not to be read any more. */
  readonly assignment: readonly AssignedTopic[]
  /** To be released: still owned if the poll keeps them, or released since the last answer. */
  readonly revoked: readonly TopicPartitions[]
  /** Null when it has a partition. */
  readonly idleReason: IdleReason | null
}

export interface Commit {
  readonly memberId: string
  readonly principal: string
  /** In which the records were handed out. */
  readonly memberEpoch: number
  readonly partitions: readonly PartitionRef[]
}

/** What is not in work any more, so that it is free where it is to move. */
export interface CommitReleases {
  /** All that polls up to this one handed out; 0 for nothing. */
  readonly upToPoll: number
  /** All of these, whichever poll handed it out. */
  readonly partitions: readonly PartitionRef[]
}

/** `expired`: LEASE_EXPIRED for all of it. Else LEASE_EXPIRED for what is refused. */
export type CommitVerdict =
  | { readonly kind: 'expired' }
  | { readonly kind: 'judged'; readonly refused: readonly PartitionRef[] }

export interface Heartbeat {
  readonly memberId: string
  readonly principal: string
  readonly memberEpoch: number
  readonly openForMs: number
}

/** Null: LEASE_EXPIRED. */
export type HeartbeatAnswer = {
  readonly memberEpoch: number
  readonly sessionEndsInMs: number
  /** Partitions wait for this member to release them. */
  readonly releaseWanted: boolean
} | null

export interface MemberEvent {
  readonly gatewayId: string
  readonly memberId: string
  readonly pollNumber: number
  readonly kind: 'SUPERSEDED' | 'ASSIGNMENT_CHANGED' | 'REMOVED'
}
