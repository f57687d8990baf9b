import { sql } from 'drizzle-orm'
import type { Database } from '../database/database.ts'

/**
 * Forgets what was deleted more than a day ago, and raises the floor of the feed above it: a
 * watcher that is further behind gets a snapshot. Not the tombstones of topics, without which a
 * broker that comes back after a year could not delete their data (B1.3).
 */
export async function forgetDeletions(database: Database, olderThan = '1 day'): Promise<void> {
  await database.platform(async (transaction) => {
    // First, as in every change of metadata, so that the two cannot wait for each other.
    await transaction.execute(sql`SELECT FROM courant.cluster_meta FOR UPDATE`)
    await transaction.execute(sql`
      WITH forgotten AS (
        DELETE FROM courant.metadata_change
          WHERE kind <> 'topic' AND deleted_at < clock_timestamp() - ${olderThan}::interval
          RETURNING version)
      UPDATE courant.cluster_meta
        SET feed_floor = greatest(feed_floor, (SELECT max(version) FROM forgotten))
        WHERE EXISTS (SELECT FROM forgotten)`)
  })
}
