/** The digest of metadata.proto: of our copy, kept up to date entry by entry, and of the tables. */
import { hash } from 'node:crypto'
import { sql } from 'drizzle-orm'
import type { Transaction } from '../database/database.ts'
import type { ChangeKind } from '../schema/cluster.ts'
import { type FeedAudience, isFor } from './audience.ts'

const MODULUS = 2 ** 48

/** Sums modulo 2^48, one for each audience. */
export type DigestSums = Readonly<Record<FeedAudience, number>>

export class RunningDigest {
  #gateway = 0
  #broker = 0

  get sums(): DigestSums {
    return { gateway: this.#gateway, broker: this.#broker }
  }

  add(kind: ChangeKind, key: string, version: number): void {
    this.#shift(kind, term(kind, key, version))
  }

  subtract(kind: ChangeKind, key: string, version: number): void {
    this.#shift(kind, MODULUS - term(kind, key, version))
  }

  #shift(kind: ChangeKind, by: number): void {
    this.#gateway = (this.#gateway + by) % MODULUS
    if (isFor('broker', kind)) this.#broker = (this.#broker + by) % MODULUS
  }
}

/**
 * Computed by PostgreSQL from the rows themselves: what our copy and everybody else's is held to.
 */
export async function digestOfTables(transaction: Transaction): Promise<DigestSums> {
  const { rows } = await transaction.execute<Record<FeedAudience, string>>(sql`
    WITH live AS (
      SELECT kind, ('x' || encode(substr(sha256(convert_to(
          kind || '/' || key || '/' || version, 'UTF8')), 1, 6), 'hex'))::bit(48)::bigint AS term
        FROM courant.metadata_change WHERE deleted_at IS NULL)
    SELECT coalesce(sum(term), 0) % ${MODULUS}::numeric AS gateway,
           coalesce(sum(term) FILTER (WHERE kind IN ('broker', 'topic', 'partition')), 0)
             % ${MODULUS}::numeric AS broker
      FROM live`)
  return { gateway: Number(rows[0]?.gateway), broker: Number(rows[0]?.broker) }
}

function term(kind: ChangeKind, key: string, version: number): number {
  return hash('sha256', `${kind}/${key}/${version}`, 'buffer').readUIntBE(0, 6)
}
