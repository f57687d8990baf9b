import { sql } from 'drizzle-orm'
import type { ClusterIdentity } from '../cluster.ts'
import type { Database, Transaction } from '../database/database.ts'
import { clusterMeta } from '../schema/cluster.ts'
import { digestOfTables } from './digest-of-tables.ts'
import { type FeedEntry, readEntries } from './read-entries.ts'
import type { DigestSums } from './running-digest.ts'

/** Where the feed stands. */
interface FeedHead extends ClusterIdentity {
  readonly metadataVersion: number
  readonly feedFloor: number
  /** Somebody has seen a newer state than this (B1.2). */
  readonly wentBack: boolean
}

/** One consistent reading: where the feed stands, and all that changed after `since`. */
export interface FeedReading {
  readonly head: FeedHead
  readonly entries: readonly FeedEntry[]
}

export function readFeed(database: Database, since: number): Promise<FeedReading> {
  return database.snapshot((transaction) => readSince(transaction, since))
}

/** As `readFeed`, with the digest of the tables in that state: reads all of the feed's rows. */
export function readFeedAndDigest(
  database: Database,
  since: number,
): Promise<FeedReading & { readonly sums: DigestSums }> {
  return database.snapshot(async (transaction) => {
    const reading = await readSince(transaction, since)
    return { ...reading, sums: await digestOfTables(transaction) }
  })
}

async function readSince(transaction: Transaction, since: number): Promise<FeedReading> {
  const head = await readHead(transaction)
  const isNewer = head.metadataVersion > since
  return { head, entries: isNewer ? await readEntries(transaction, since) : [] }
}

async function readHead(transaction: Transaction): Promise<FeedHead> {
  const [row] = await transaction
    .select({
      clusterId: clusterMeta.clusterId,
      clusterIncarnation: clusterMeta.clusterIncarnation,
      metadataVersion: clusterMeta.metadataVersion,
      feedFloor: clusterMeta.feedFloor,
      wentBack: sql<boolean>`(${clusterMeta.reportedIncarnation}, ${clusterMeta.reportedVersion})
        > (${clusterMeta.clusterIncarnation}, ${clusterMeta.metadataVersion})`,
    })
    .from(clusterMeta)
  if (row === undefined) throw new Error('The database has no row in courant.cluster_meta.')
  return row
}
