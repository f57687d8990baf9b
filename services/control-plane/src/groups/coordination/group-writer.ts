/** Where the coordinator's decisions become rows: batches over all groups of this process. */
import { type BusError, limits } from '@courant/kernel'
import { notCoordinator, type ShardTerm } from '../leases/shard-term.ts'
import type { CommitItem, GroupItem, GroupRows } from '../rows/group-rows.ts'
import { NaturalBatcher } from './natural-batcher.ts'

export class GroupWriter {
  readonly #groups: NaturalBatcher<GroupItem>
  readonly #commits: NaturalBatcher<CommitItem>

  constructor(rows: GroupRows) {
    const atOnceMax = limits.groupTransactionsMax
    const itemsPerBatchMax = limits.groupWritesPerTransactionMax
    this.#groups = new NaturalBatcher({
      atOnceMax,
      itemsPerBatchMax,
      write: async (items) => verdictsOf(items, await rows.writeGroups(items)),
    })
    this.#commits = new NaturalBatcher({
      atOnceMax,
      itemsPerBatchMax,
      write: async (items) => verdictsOf(items, await rows.raiseOffsets(items)),
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
}

/** Those whose shard was taken over hear so. */
function verdictsOf(
  items: readonly { readonly term: ShardTerm }[],
  held: ReadonlySet<ShardTerm>,
): (BusError | null)[] {
  return items.map(({ term }) => {
    if (held.has(term)) return null
    term.end()
    return notCoordinator()
  })
}
