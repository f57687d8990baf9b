/** Which control plane has which shards: the rows, and how they change hands. */
import { GROUP_SHARDS } from '@courant/group'
import { and, asc, eq, inArray, sql } from 'drizzle-orm'
import type { Database, Transaction } from '../../database/database.ts'
import { controlPlaneTable, groupShardTable } from '../../schema/group-shard.ts'

export const SHARDS_CHANNEL = 'courant_group_shards'

export interface OwnedShard {
  readonly shard: number
  readonly epoch: number
}

export interface Balance {
  /** How many shards are this control plane's part. */
  readonly share: number
  /** All that it has, what it took just now included. */
  readonly owned: readonly OwnedShard[]
}

/**
 * Buries the control planes whose lease has ended, and takes what nobody has, up to the fair
 * number. The dead one's row is deleted first, and in the same transaction: whoever renews at that
 * moment is either not dead, or finds no row. A shard on which a transaction still works is left
 * for the next time. Null when this control plane is itself not registered any more.
 */
export async function balanceShards(
  database: Database,
  instanceId: string,
): Promise<Balance | null> {
  return database.platform(
    async (transaction) => {
      await transaction
        .delete(controlPlaneTable)
        .where(sql`${controlPlaneTable.expiresAt} <= clock_timestamp()`)
      const rank = await rankOf(transaction, instanceId)
      if (rank === null) return null
      const share = fairShare(rank)
      const missing = share - (await readOwned(transaction, instanceId)).length
      if (missing > 0) await take(transaction, instanceId, missing)
      return { share, owned: await readOwned(transaction, instanceId) }
    },
    { onLostCommit: 'repeat' },
  )
}

/** Another may have them now, at once. */
export async function releaseShards(
  database: Database,
  instanceId: string,
  shards: readonly number[],
): Promise<void> {
  if (shards.length === 0) return
  await database.platform(
    async (transaction) => {
      await transaction
        .update(groupShardTable)
        .set({ owner: null })
        .where(
          and(eq(groupShardTable.owner, instanceId), inArray(groupShardTable.shard, [...shards])),
        )
      await transaction.execute(sql`SELECT pg_notify(${SHARDS_CHANNEL}, '')`)
    },
    { onLostCommit: 'repeat' },
  )
}

/** With its registration goes all that it still has. */
export async function unregister(database: Database, instanceId: string): Promise<void> {
  await database.platform(
    async (transaction) => {
      await transaction
        .delete(controlPlaneTable)
        .where(eq(controlPlaneTable.instanceId, instanceId))
      await transaction.execute(sql`SELECT pg_notify(${SHARDS_CHANNEL}, '')`)
    },
    { onLostCommit: 'repeat' },
  )
}

/** In the order of the shards; an empty address for one that nobody has. */
export function listShards(database: Database) {
  return database.platform((transaction) =>
    transaction
      .select({
        shard: groupShardTable.shard,
        address: sql<string>`coalesce(${controlPlaneTable.address}, '')`,
      })
      .from(groupShardTable)
      .leftJoin(
        controlPlaneTable,
        and(
          eq(controlPlaneTable.instanceId, groupShardTable.owner),
          sql`${controlPlaneTable.expiresAt} > clock_timestamp()`,
        ),
      )
      .orderBy(asc(groupShardTable.shard)),
  )
}

interface Rank {
  readonly rank: number
  readonly of: number
}

async function rankOf(transaction: Transaction, instanceId: string): Promise<Rank | null> {
  const rows = await transaction
    .select({ instanceId: controlPlaneTable.instanceId })
    .from(controlPlaneTable)
    .orderBy(asc(controlPlaneTable.instanceId))
  const rank = rows.findIndex((row) => row.instanceId === instanceId)
  return rank < 0 ? null : { rank, of: rows.length }
}

/** Together exactly all: the first ones have one more if they do not come out even. */
function fairShare({ rank, of }: Rank): number {
  return Math.floor(GROUP_SHARDS / of) + (rank < GROUP_SHARDS % of ? 1 : 0)
}

async function take(transaction: Transaction, instanceId: string, count: number): Promise<void> {
  await transaction.execute(sql`
    UPDATE courant.group_shard SET owner = ${instanceId}, epoch = epoch + 1
      WHERE shard IN (
        SELECT free.shard FROM courant.group_shard free
          WHERE NOT EXISTS (
            SELECT FROM courant.control_plane living WHERE living.instance_id = free.owner)
          ORDER BY free.shard LIMIT ${count} FOR NO KEY UPDATE SKIP LOCKED)`)
}

function readOwned(transaction: Transaction, instanceId: string): Promise<OwnedShard[]> {
  return transaction
    .select({ shard: groupShardTable.shard, epoch: groupShardTable.epoch })
    .from(groupShardTable)
    .where(eq(groupShardTable.owner, instanceId))
    .orderBy(asc(groupShardTable.shard))
}
