import type { ShardTerm } from '../leases/shard-term.ts'
import type { Reading, TenantReading } from './read-groups.ts'
import type { GroupWrite } from './write-groups.ts'
import type { OffsetRow } from './write-offsets.ts'

export interface GroupItem extends GroupWrite {
  readonly term: ShardTerm
}

export interface CommitItem {
  readonly term: ShardTerm
  readonly rows: readonly OffsetRow[]
}

/**
 * Where groups are stored, for their coordinator. Each write is one transaction from whose begin to
 * whose end nobody takes the shards over; it answers which of the terms still held then, and has
 * written what is of those, durably. All throw CONTROL_PLANE_UNAVAILABLE, also when nobody knows
 * whether it was written.
 */
export interface GroupRows {
  /** One group, if it exists; and what matters if it is to be made. */
  readGroup(tenantId: string, name: string): Promise<TenantReading>
  /** Those of the shards that have members: their sessions are to run, and to expire. */
  readGroupsWithMembers(shards: readonly number[]): Promise<Reading>
  /** Whole rows: doing it again changes nothing. */
  writeGroups(items: readonly GroupItem[]): Promise<ReadonlySet<ShardTerm>>
  /** Never back: an offset that is not higher than what is committed changes nothing. */
  raiseOffsets(items: readonly CommitItem[]): Promise<ReadonlySet<ShardTerm>>
}
