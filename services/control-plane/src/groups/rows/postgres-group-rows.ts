import type { Cluster } from '../../cluster.ts'
import type { Transaction } from '../../database/database.ts'
import type { ShardTerm } from '../leases/shard-term.ts'
import type { CommitItem, GroupItem, GroupRows } from './group-rows.ts'
import { lockShards } from './lock-shards.ts'
import {
  type Reading,
  readGroup,
  readGroupsWithMembers,
  type TenantReading,
} from './read-groups.ts'
import { writeGroups } from './write-groups.ts'
import { type OffsetRow, writeOffsets } from './write-offsets.ts'

export class PostgresGroupRows implements GroupRows {
  readonly #cluster: Cluster

  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  readGroup(tenantId: string, name: string): Promise<TenantReading> {
    return readGroup(this.#cluster.database, tenantId, name)
  }

  readGroupsWithMembers(shards: readonly number[]): Promise<Reading> {
    return readGroupsWithMembers(this.#cluster.database, shards)
  }

  writeGroups(items: readonly GroupItem[]): Promise<ReadonlySet<ShardTerm>> {
    return this.#write(items, writeGroups)
  }

  raiseOffsets(items: readonly CommitItem[]): Promise<ReadonlySet<ShardTerm>> {
    return this.#write(items, (transaction, commits) =>
      writeOffsets(transaction, highestOf(commits), 'forward'),
    )
  }

  /** A shard that was taken over does not keep the others back. */
  #write<Item extends { readonly term: ShardTerm }>(
    items: readonly Item[],
    write: (transaction: Transaction, items: readonly Item[]) => Promise<void>,
  ): Promise<ReadonlySet<ShardTerm>> {
    return this.#cluster.database.platform(
      async (transaction) => {
        const terms = new Set(items.map(({ term }) => term))
        const held = await lockShards(transaction, this.#cluster, terms)
        const ours = items.filter(({ term }) => held.has(term))
        if (ours.length > 0) await write(transaction, ours)
        return held
      },
      { onLostCommit: 'repeat' },
    )
  }
}

/** One row a partition of a group: members may have sent theirs twice. */
function highestOf(commits: readonly CommitItem[]): readonly OffsetRow[] {
  const highest = new Map<string, OffsetRow>()
  for (const row of commits.flatMap(({ rows }) => rows)) {
    const key = `${row.groupId}/${row.topicId}/${row.partition}`
    const known = highest.get(key)
    if (known === undefined || row.offset > known.offset) highest.set(key, row)
  }
  return [...highest.values()]
}
