/** Keys that gateways sign lease tokens with (ADR 11): made when first needed, and daily. */
import type { ListSigningKeysResponse } from '@courant/api/internal/v1/signing_key'
import type { Random } from '@courant/kernel'
import { desc, sql } from 'drizzle-orm'
import type { Cluster } from '../cluster.ts'
import type { Transaction } from '../database/database.ts'
import { signingKey } from '../schema/signing-key.ts'

/** After this the next reader makes a new one. */
const SIGNS_FOR = sql`interval '1 day'`
/** A replaced key stays good for two days. */
const KEPT_FOR = sql`interval '3 days'`
const SECRET_BYTES = 32

interface Parts {
  readonly cluster: Cluster
  readonly random: Random
}

/** Newest first. Gateways that ask at the same time get the same keys. */
export async function listSigningKeys({
  cluster,
  random,
}: Parts): Promise<ListSigningKeysResponse> {
  const { database } = cluster
  const known = await database.snapshot(read)
  if (known.newestIsYoung) return { keys: known.keys }
  const rotate = async (transaction: Transaction) => {
    await transaction.execute(sql`LOCK TABLE courant.signing_key IN SHARE ROW EXCLUSIVE MODE`)
    const { newestIsYoung } = await read(transaction)
    if (newestIsYoung) return read(transaction)
    await transaction
      .delete(signingKey)
      .where(sql`${signingKey.createdAt} < clock_timestamp() - ${KEPT_FOR}`)
    await transaction.insert(signingKey).values({ secret: Buffer.from(random.bytes(SECRET_BYTES)) })
    return read(transaction)
  }
  return { keys: (await database.platform(rotate, { onLostCommit: 'repeat' })).keys }
}

async function read(transaction: Transaction) {
  const rows = await transaction
    .select({
      keyId: signingKey.keyId,
      secret: signingKey.secret,
      isYoung: sql<boolean>`${signingKey.createdAt} > clock_timestamp() - ${SIGNS_FOR}`,
    })
    .from(signingKey)
    .where(sql`${signingKey.createdAt} > clock_timestamp() - ${KEPT_FOR}`)
    .orderBy(desc(signingKey.keyId))
  const keys = rows.map(({ keyId, secret }) => ({ keyId, secret }))
  return { keys, newestIsYoung: rows[0]?.isYoung === true }
}
