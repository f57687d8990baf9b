import { sql } from 'drizzle-orm'
import type { Transaction } from '../database/database.ts'
import type { FeedAudience } from './audience.ts'
import { DIGEST_MODULUS, type DigestSums } from './running-digest.ts'

/**
 * Computed by PostgreSQL from the rows themselves: what our copy and everybody else's is held to.
 */
export async function digestOfTables(transaction: Transaction): Promise<DigestSums> {
  const { rows } = await transaction.execute<Record<FeedAudience, string>>(sql`
    WITH live AS (
      SELECT kind, ('x' || encode(substr(sha256(convert_to(
          kind || '/' || key || '/' || version, 'UTF8')), 1, 6), 'hex'))::bit(48)::bigint AS term
        FROM courant.metadata_change WHERE deleted_at IS NULL)
    SELECT coalesce(sum(term), 0) % ${DIGEST_MODULUS}::numeric AS gateway,
           coalesce(sum(term) FILTER (WHERE kind IN ('broker', 'topic', 'partition')), 0)
             % ${DIGEST_MODULUS}::numeric AS broker
      FROM live`)
  return { gateway: Number(rows[0]?.gateway), broker: Number(rows[0]?.broker) }
}
