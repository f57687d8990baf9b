import { sql } from 'drizzle-orm'
import type { ChangeKind } from '../schema/cluster.ts'
import type { Transaction } from './database.ts'

/** One thing that a transaction made, altered or removed. */
export interface Change {
  readonly kind: ChangeKind
  /** As in the feed: an id, or `<topic id>/<partition>`. */
  readonly key: string
  readonly deleted?: true
}

/**
 * The last statement of every transaction that changes metadata (B1.5): takes the next version and
 * records what changed under it. From here to COMMIT the transaction holds up all others.
 * The incarnation is the one that this process believes in; after an operator has begun another,
 * the transaction fails.
 */
export async function recordChanges(
  transaction: Transaction,
  incarnation: number,
  changes: readonly Change[],
): Promise<number> {
  const kinds = changes.map((change) => change.kind)
  const keys = changes.map((change) => change.key)
  const deletions = changes.map((change) => change.deleted === true)
  const result = await transaction.execute<{ version: string }>(
    sql`SELECT courant.record_changes(
      ${incarnation}, ${sql.param(kinds)}::text[], ${sql.param(keys)}::text[],
      ${sql.param(deletions)}::boolean[]) AS version`,
  )
  return Number(result.rows[0]?.version)
}
