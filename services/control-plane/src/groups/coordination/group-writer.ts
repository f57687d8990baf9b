/** Where the coordinator's decisions become rows: batches over all groups of this process. */
import type { BusError } from '@courant/kernel'
import { limits } from '@courant/kernel'
import type { Cluster } from '../../cluster.ts'
import type { Transaction } from '../../database/database.ts'
import { notCoordinator, type ShardTerm } from '../leases/shard-term.ts'
import { lockShards } from '../rows/lock-shards.ts'
import { type GroupWrite, writeGroups } from '../rows/write-groups.ts'
import { type OffsetRow, writeOffsets } from '../rows/write-offsets.ts'
import { NaturalBatcher } from './natural-batcher.ts'

interface GroupItem extends GroupWrite {
  readonly term: ShardTerm
}

interface CommitItem {
  readonly term: ShardTerm
  readonly rows: readonly OffsetRow[]
}

export class GroupWriter {
  readonly #cluster: Cluster
  readonly #groups: NaturalBatcher<GroupItem>
  readonly #commits: NaturalBatcher<CommitItem>

  constructor(cluster: Cluster) {
    this.#cluster = cluster
    const atOnceMax = limits.groupTransactionsMax
    const itemsPerBatchMax = limits.groupWritesPerTransactionMax
    this.#groups = new NaturalBatcher({
      atOnceMax,
      itemsPerBatchMax,
      write: (items) => this.#write(items, writeGroups),
    })
    this.#commits = new NaturalBatcher({
      atOnceMax,
      itemsPerBatchMax,
      write: (items) =>
        this.#write(items, (transaction, commits) =>
          writeOffsets(transaction, highestOf(commits), 'forward'),
        ),
    })
  }

  /**
   * Resolves when the rows are durable. Throws NOT_COORDINATOR if the shard has been taken over.
   */
  writeGroup(item: GroupItem): Promise<void> {
    return this.#groups.add(item)
  }

  /**
   * The same for offsets. That their partitions are their members' is judged in memory: while a
   * commit is under way the group changes no owner (`CoordinatedGroup`), and who lost the shard
   * writes nothing. So ownership at COMMIT is what it was when it was judged, which is what B13.7
   * has row locks for.
   */
  writeCommit(item: CommitItem): Promise<void> {
    return this.#commits.add(item)
  }

  /** Those whose shard was taken over hear so; it does not keep the others back. */
  #write<Item extends { readonly term: ShardTerm }>(
    items: readonly Item[],
    write: (transaction: Transaction, items: readonly Item[]) => Promise<void>,
  ): Promise<readonly (BusError | null)[]> {
    return this.#cluster.database.platform(
      async (transaction) => {
        const terms = new Set(items.map(({ term }) => term))
        const held = await lockShards(transaction, this.#cluster, terms)
        const ours = items.filter(({ term }) => held.has(term))
        if (ours.length > 0) await write(transaction, ours)
        for (const term of terms) if (!held.has(term)) term.end()
        return items.map(({ term }) => (held.has(term) ? null : notCoordinator()))
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
