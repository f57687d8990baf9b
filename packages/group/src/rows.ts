import type { AssignorName } from './assignors/assignor.ts'
import type { Subscription } from './subscription.ts'

/** What is stored of a group. Sessions, open polls and incidents are memory. */
export interface StoredGroup {
  readonly group: GroupRow
  readonly members: readonly MemberRow[]
  readonly partitions: readonly PartitionRow[]
}

export interface GroupRow {
  readonly tenantId: string
  readonly name: string
  readonly groupId: string
  readonly assignor: AssignorName
  /** +1 whenever members, subscriptions or topics change; the targets are of this epoch. */
  readonly groupEpoch: number
  readonly createdAtMs: number
  /** Since when it has no members; null while it has. */
  readonly emptySinceMs: number | null
}

export interface MemberRow {
  readonly memberId: string
  /** Who used the id first; nobody else may until the member is gone. */
  readonly principal: string
  readonly subscription: Subscription
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  readonly joinedAtMs: number
  /** The group epoch of its first target. */
  readonly joinEpoch: number
  /**
   * The epoch in which it stays while it has something to release (KIP-848); null when it has
   * nothing: then its epoch is the group's. So a change of the group does not write every member.
   */
  readonly heldEpoch: number | null
  readonly clientAddress: string
  readonly clientSoftware: string
}

/** A partition that has an owner or a target; one with neither has no row. */
export interface PartitionRow {
  readonly topicId: string
  readonly partition: number
  /** Member id. */
  readonly owner: string | null
  /** The owner's epoch when it became the owner (KIP-1251); 0 without one. */
  readonly assignmentEpoch: number
  /** Who is to own it: member id. */
  readonly target: string | null
}

export interface PartitionRef {
  readonly topicId: string
  readonly partition: number
}

/** Rows to write in one transaction. */
export interface GroupChanges {
  /** Null when its row stays as it is. */
  readonly group: GroupRow | null
  /** To insert or to replace. */
  readonly members: readonly MemberRow[]
  /** Member ids. Not also in `members`; delete these first. */
  readonly membersRemoved: readonly string[]
  /** To insert or to replace. */
  readonly partitions: readonly PartitionRow[]
  /** To delete; of a deleted topic too. */
  readonly partitionsRemoved: readonly PartitionRef[]
}

export function isEmpty(changes: GroupChanges): boolean {
  return (
    changes.group === null &&
    changes.members.length === 0 &&
    changes.membersRemoved.length === 0 &&
    changes.partitions.length === 0 &&
    changes.partitionsRemoved.length === 0
  )
}
