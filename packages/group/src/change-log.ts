import type { GroupPartition } from './group-partition.ts'
import type { Member } from './member.ts'
import type { GroupChanges, GroupRow, PartitionRef, PartitionRow } from './rows.ts'

/** Which rows are to be written since they were last taken. */
export class ChangeLog {
  readonly #upserted = new Set<Member>()
  readonly #removed = new Set<string>()
  #hasGroup = false

  group(): void {
    this.#hasGroup = true
  }

  member(member: Member): void {
    this.#upserted.add(member)
  }

  removed(member: Member): void {
    this.#upserted.delete(member)
    this.#removed.add(member.memberId)
  }

  take(group: GroupRow, partitions: Set<GroupPartition>): GroupChanges {
    const members = [...this.#upserted].map(({ row }) => row)
    for (const { memberId } of members) this.#removed.delete(memberId)
    const changes = {
      group: this.#hasGroup ? group : null,
      members,
      membersRemoved: [...this.#removed],
      ...taken(partitions),
    }
    this.#hasGroup = false
    this.#upserted.clear()
    this.#removed.clear()
    return changes
  }
}

function taken(changed: Set<GroupPartition>): {
  partitions: PartitionRow[]
  partitionsRemoved: PartitionRef[]
} {
  const partitions: PartitionRow[] = []
  const partitionsRemoved: PartitionRef[] = []
  for (const partition of changed) {
    const { row, hasRow } = partition
    partition.hasRow = row.owner !== null || row.target !== null
    if (partition.hasRow) partitions.push(row)
    else if (hasRow) partitionsRemoved.push({ topicId: row.topicId, partition: row.partition })
  }
  changed.clear()
  return { partitions, partitionsRemoved }
}
