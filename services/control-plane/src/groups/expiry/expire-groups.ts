import { GROUP_SHARDS } from '@courant/group'
import { limits } from '@courant/kernel'
import { sql } from 'drizzle-orm'
import type { Cluster } from '../../cluster.ts'
import type { Transaction } from '../../database/database.ts'
import type { CoordinatedGroup } from '../coordination/coordinated-group.ts'
import type { GroupCoordinator } from '../coordination/group-coordinator.ts'
import { lockShard } from '../rows/lock-shards.ts'

/** Groups that one pass looks at: the rest is for the next. */
const PER_PASS = GROUP_SHARDS

/**
 * Groups that have long had no member lose their offsets and their row (B13.8). Only a group's
 * coordinator does it, and looks again with nothing else under way: a group that somebody joins at
 * this moment keeps everything (bug 35). Answers how many there were.
 */
export async function expireGroups(
  cluster: Cluster,
  coordinator: GroupCoordinator,
): Promise<number> {
  const shards = coordinator.heldTerms.map(({ shard }) => shard)
  if (shards.length === 0) return 0
  const old = await cluster.database.platform((transaction) =>
    transaction.execute<{ tenant_id: string; name: string }>(sql`
      SELECT tenant_id, name FROM courant.consumer_group candidate
        WHERE shard = ANY (${sql.param(shards)}::int[]) AND ${isOld()} LIMIT ${PER_PASS}`),
  )
  let expired = 0
  for (const { tenant_id, name } of old.rows) {
    if (await expire(cluster, await coordinator.groupOf(tenant_id, name))) expired += 1
  }
  return expired
}

function expire(cluster: Cluster, group: CoordinatedGroup): Promise<boolean> {
  return group.alone((loaded) => {
    if (loaded === null || loaded.group.memberCount > 0) return async () => false
    const work = async (transaction: Transaction): Promise<boolean> => {
      await lockShard(transaction, cluster, group.term)
      const { rowCount } = await transaction.execute(sql`
        DELETE FROM courant.consumer_group candidate
          WHERE group_id = ${loaded.group.groupId} AND ${isOld()}`)
      return rowCount === 1
    }
    return () => cluster.database.platform(work, { onLostCommit: 'repeat' })
  })
}

/** By the clock of the database. An administrator's commit keeps a group too. */
function isOld() {
  const kept = sql`${limits.groupOffsetsKeptMs} * interval '1 millisecond'`
  return sql`candidate.empty_since < clock_timestamp() - ${kept} AND NOT EXISTS (
    SELECT FROM courant.group_offset kept WHERE kept.group_id = candidate.group_id
      AND kept.committed_at >= clock_timestamp() - ${kept})`
}
