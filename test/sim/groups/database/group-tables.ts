import { GROUP_SHARDS, type GroupRow, type MemberRow, type PartitionRow } from '@courant/group'

export interface ControlPlaneRow {
  readonly address: string
  readonly expiresAtMs: number
  readonly renewals: number
}

export interface ShardRow {
  readonly owner: string | null
  readonly epoch: number
}

interface OffsetRow {
  readonly topicId: string
  readonly partition: number
  readonly offset: number
  readonly leaderEpoch: number
  readonly metadata: string
}

/** All rows of one group. Rows are replaced, never altered. */
export interface GroupTable {
  group: GroupRow
  readonly shard: number
  readonly members: Map<string, MemberRow>
  readonly partitions: Map<string, PartitionRow>
  readonly offsets: Map<string, OffsetRow>
}

/** The tables of migrations/ that the coordination of groups reads and writes. */
export class GroupTables {
  readonly controlPlanes = new Map<string, ControlPlaneRow>()
  readonly shards: ShardRow[] = Array.from({ length: GROUP_SHARDS }, () => ({
    owner: null,
    epoch: 0,
  }))
  /** By id. */
  readonly groups = new Map<string, GroupTable>()

  groupNamed(tenantId: string, name: string): GroupTable | null {
    for (const table of this.groups.values()) {
      if (table.group.tenantId === tenantId && table.group.name === name) return table
    }
    return null
  }

  /** Whether what the term is of is the row of its shard. */
  isHeld(term: { readonly shard: number; readonly instanceId: string; readonly epoch: number }) {
    const row = this.shards[term.shard]
    return row?.owner === term.instanceId && row.epoch === term.epoch
  }
}

export function keyOf(of: { readonly topicId: string; readonly partition: number }): string {
  return `${of.topicId}/${of.partition}`
}
