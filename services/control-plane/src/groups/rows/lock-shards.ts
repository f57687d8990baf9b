import { BusError } from '@courant/kernel'
import { sql } from 'drizzle-orm'
import type { Cluster } from '../../cluster.ts'
import type { Transaction } from '../../database/database.ts'
import { notCoordinator, type ShardTerm } from '../leases/shard-term.ts'

/**
 * The first statement of every transaction of a group: from here to its end nobody takes the shards
 * over. Answers for which of them this control plane still is the coordinator; one that has been
 * taken over writes nothing. Throws METADATA_ROLLBACK when the database is older than what somebody
 * has seen of it, CONTROL_PLANE_UNAVAILABLE when its brokers have not been heard, or it is older
 * than what is known here: memory is ahead of its rows then (B1.2).
 */
export async function lockShards(
  transaction: Transaction,
  cluster: Cluster,
  terms: Iterable<ShardTerm>,
): Promise<ReadonlySet<ShardTerm>> {
  const known = new Map([...terms].map((term) => [term.shard, term]))
  const { highestVersion, identity } = cluster
  const result = await transaction.execute<Row>(sql`
    SELECT held.shard, held.owner, held.epoch, meta.metadata_version
      FROM courant.require_current(${identity.clusterIncarnation}) current
      CROSS JOIN courant.group_shard held CROSS JOIN courant.cluster_meta meta
      WHERE held.shard = ANY (${sql.param([...known.keys()])}::int[])
      ORDER BY held.shard FOR SHARE OF held`)
  const held = new Set<ShardTerm>()
  for (const row of result.rows) {
    if (Number(row.metadata_version) < highestVersion) {
      const detail = 'The database is not the one that the groups were read from.'
      throw new BusError('CONTROL_PLANE_UNAVAILABLE', detail)
    }
    const term = known.get(row.shard)
    if (term?.instanceId === row.owner && term.epoch === Number(row.epoch)) held.add(term)
  }
  return held
}

/** Throws NOT_COORDINATOR. */
export async function lockShard(
  transaction: Transaction,
  cluster: Cluster,
  term: ShardTerm,
): Promise<void> {
  const held = await lockShards(transaction, cluster, [term])
  if (!held.has(term)) throw notCoordinator()
}

interface Row extends Record<string, unknown> {
  readonly shard: number
  readonly owner: string | null
  readonly epoch: string
  readonly metadata_version: string
}
