import { sql } from 'drizzle-orm'
import type { Transaction } from '../database/database.ts'
import { clusterMeta } from '../schema/cluster.ts'

/**
 * More versions than there can have been that nobody tells of; epochs of brokers are versions. The
 * same holds for terms of coordinators and for signing keys.
 */
const VERSION_GAP = 1_000_000

/**
 * From here on the database is newer than what anybody has seen, and what was decided by older
 * coordinators of groups counts no more: they read them anew. Gateways may hold signing keys that
 * were made after the backup: a new one never has the id of one of those. Returns the incarnation.
 */
export async function beginIncarnation(transaction: Transaction): Promise<number> {
  const { clusterIncarnation, metadataVersion } = clusterMeta
  const { reportedIncarnation, reportedVersion } = clusterMeta
  const [row] = await transaction
    .update(clusterMeta)
    .set({
      clusterIncarnation: sql`greatest(${clusterIncarnation}, ${reportedIncarnation}) + 1`,
      metadataVersion: sql`greatest(${metadataVersion}, ${reportedVersion})
        + ${VERSION_GAP}::bigint`,
      confirmedServer: sql`pg_postmaster_start_time()`,
    })
    .returning({ incarnation: clusterIncarnation })
  await transaction.execute(
    sql`UPDATE courant.group_shard SET owner = NULL, epoch = epoch + ${VERSION_GAP}::bigint`,
  )
  const keyIds = sql`pg_get_serial_sequence('courant.signing_key', 'key_id')`
  await transaction.execute(
    sql`SELECT setval(${keyIds}, nextval(${keyIds}) + ${VERSION_GAP}::bigint)`,
  )
  if (row === undefined) throw new Error('The database has no row in courant.cluster_meta.')
  return row.incarnation
}
