import { sql } from 'drizzle-orm'
import type { Transaction } from './database.ts'

/** Whatever the transaction has read until now is in the feed up to this version. */
export async function currentVersion(transaction: Transaction): Promise<number> {
  const result = await transaction.execute<{ version: string }>(
    sql`SELECT courant.current_version() AS version`,
  )
  return Number(result.rows[0]?.version)
}
