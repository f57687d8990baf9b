import type { Member } from './member.ts'
import type { PartitionRow } from './rows.ts'

/** A topic that a member subscribes to, or owns partitions of. */
export interface GroupTopic {
  readonly topicId: string
  readonly name: string
  /** By index; they only become more. */
  readonly partitions: GroupPartition[]
}

/**
 * A partition in a group: who owns it, and who is to. `Ownership` alone changes it, which keeps the
 * members' sides of this in step.
 */
export class GroupPartition {
  readonly topic: GroupTopic
  readonly index: number
  owner: Member | null = null
  /** The owner's epoch when it became the owner. */
  assignmentEpoch = 0
  target: Member | null = null
  /**
   * No poll after this one has been offered the partition: it is to move since then. Commits of
   * older polls do not release it.
   */
  offeredUpTo = 0
  hasRow = false

  constructor(topic: GroupTopic, index: number) {
    this.topic = topic
    this.index = index
  }

  get row(): PartitionRow {
    return {
      topicId: this.topic.topicId,
      partition: this.index,
      owner: this.owner?.memberId ?? null,
      assignmentEpoch: this.assignmentEpoch,
      target: this.target?.memberId ?? null,
    }
  }
}

/** In the order of topic names and partitions. */
export function inOrder(partitions: Iterable<GroupPartition>): GroupPartition[] {
  return [...partitions].sort((one, other) => {
    if (one.topic === other.topic) return one.index - other.index
    return one.topic.name < other.topic.name ? -1 : 1
  })
}
