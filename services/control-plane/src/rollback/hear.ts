/** Brokers and gateways tell what they have seen of the metadata (reliability B1.2). */
import { isNewer, type MetadataPosition } from '@courant/kernel'
import { eq, sql } from 'drizzle-orm'
import type { Cluster } from '../cluster.ts'
import type { Transaction } from '../database/database.ts'
import { metadataRollback } from '../database/database-error.ts'
import { broker, brokerSession } from '../schema/broker.ts'
import { clusterMeta } from '../schema/cluster.ts'
import { readStanding } from './read-standing.ts'
import { type Standing, wentBack } from './standing.ts'

/** Who has seen what. Without an id: a gateway, or a control plane. */
export interface Heard {
  readonly brokerId?: number
  /** Absent: nothing yet. */
  readonly seen: MetadataPosition | undefined
}

/**
 * To be called before what is asked for is looked at. A newer state than the database's is noted
 * in it, where every control plane meets it before it decides anything: also one that has just
 * started, or was cut off. Throws METADATA_ROLLBACK.
 */
export async function hear(cluster: Cluster, heard: Heard): Promise<void> {
  const standing = await cluster.database.platform((transaction) => note(transaction, heard), {
    onLostCommit: 'repeat',
  })
  if (wentBack(standing)) throw metadataRollback()
}

async function note(transaction: Transaction, { brokerId, seen }: Heard): Promise<Standing> {
  const standing = await readStanding(transaction)
  if (seen !== undefined && isNewer(seen, standing)) {
    if (isNewer(seen, standing.reported)) await report(transaction, seen)
    return { ...standing, reported: seen }
  }
  if (standing.isConfirmed || brokerId === undefined) return standing
  await transaction
    .update(brokerSession)
    .set({ heardServer: sql`pg_postmaster_start_time()` })
    .where(eq(brokerSession.brokerId, brokerId))
  if (!wentBack(standing) && (await areAllHeard(transaction))) await confirm(transaction)
  return standing
}

/** Of two that report at the same time, the newer one stays. */
async function report(transaction: Transaction, seen: MetadataPosition): Promise<void> {
  const { clusterIncarnation, metadataVersion } = seen
  const { reportedIncarnation, reportedVersion } = clusterMeta
  await transaction
    .update(clusterMeta)
    .set({ reportedIncarnation: clusterIncarnation, reportedVersion: metadataVersion })
    .where(
      sql`(${reportedIncarnation}, ${reportedVersion}) < (${clusterIncarnation}, ${metadataVersion})`,
    )
}

/** Every broker that the database knows has said what it has seen, also one that is fenced. */
export async function areAllHeard(transaction: Transaction): Promise<boolean> {
  const unheard = await transaction
    .select({ brokerId: broker.brokerId })
    .from(broker)
    .leftJoin(brokerSession, eq(brokerSession.brokerId, broker.brokerId))
    .where(sql`${brokerSession.heardServer} IS DISTINCT FROM pg_postmaster_start_time()`)
    .limit(1)
  return unheard.length === 0
}

/** From now on decisions are made on this server. */
export async function confirm(transaction: Transaction): Promise<void> {
  await transaction.update(clusterMeta).set({ confirmedServer: sql`pg_postmaster_start_time()` })
}
