import { sql } from 'drizzle-orm'
import type { Transaction } from '../database/database.ts'
import { clusterMeta } from '../schema/cluster.ts'
import type { Standing } from './standing.ts'

export async function readStanding(transaction: Transaction): Promise<Standing> {
  const [row] = await transaction
    .select({
      clusterIncarnation: clusterMeta.clusterIncarnation,
      metadataVersion: clusterMeta.metadataVersion,
      reportedIncarnation: clusterMeta.reportedIncarnation,
      reportedVersion: clusterMeta.reportedVersion,
      server: sql<string>`pg_postmaster_start_time()::text`,
      isConfirmed: sql<boolean>`${clusterMeta.confirmedServer} = pg_postmaster_start_time()`,
    })
    .from(clusterMeta)
  if (row === undefined) throw new Error('The database has no row in courant.cluster_meta.')
  const { reportedIncarnation, reportedVersion, ...rest } = row
  const reported = { clusterIncarnation: reportedIncarnation, metadataVersion: reportedVersion }
  return { ...rest, reported }
}
