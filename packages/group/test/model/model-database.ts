import type {
  GroupChanges,
  GroupRow,
  MemberRow,
  PartitionRow,
  StoredGroup,
} from '../../src/index.ts'

export function keyOf({ topicId, partition }: { topicId: string; partition: number }): string {
  return `${topicId}/${partition}`
}

/** The rows of one group, which a transaction changes as a whole or not at all. */
export class ModelDatabase {
  group: GroupRow | null = null
  readonly members = new Map<string, MemberRow>()
  readonly partitions = new Map<string, PartitionRow>()

  write(changes: GroupChanges): void {
    this.group = changes.group ?? this.group
    for (const memberId of changes.membersRemoved) this.members.delete(memberId)
    for (const row of changes.members) this.members.set(row.memberId, row)
    for (const row of changes.partitionsRemoved) this.partitions.delete(keyOf(row))
    for (const row of changes.partitions) this.partitions.set(keyOf(row), row)
  }

  get stored(): StoredGroup {
    if (this.group === null) throw new Error('nothing is stored')
    const { group, members, partitions } = this
    return { group, members: [...members.values()], partitions: [...partitions.values()] }
  }

  copy(): ModelDatabase {
    const copy = new ModelDatabase()
    copy.group = this.group
    for (const [id, row] of this.members) copy.members.set(id, row)
    for (const [key, row] of this.partitions) copy.partitions.set(key, row)
    return copy
  }
}
