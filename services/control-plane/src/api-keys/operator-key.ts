import { assert, BusError } from '@courant/kernel'
import { and, eq, ne, sql } from 'drizzle-orm'
import type { Cluster } from '../cluster.ts'
import type { Transaction } from '../database/database.ts'
import type { Change } from '../database/record-changes.ts'
import { apiKey } from '../schema/api-key.ts'
import { parseApiKey } from './api-key-secret.ts'

const NAME = 'operator'

/**
 * Makes the configured key the platform operator's only one: who replaces it in the configuration
 * expects the old one to open nothing any more. Changes nothing when it is known already.
 */
export async function setOperatorKey(cluster: Cluster, text: string): Promise<void> {
  const key = parseApiKey(text)
  assert(key !== null, 'the operator key was checked with the configuration')
  const { keyId, secretSha256 } = key
  await cluster.database.platform(
    async (transaction) => {
      const others = await transaction
        .delete(apiKey)
        .where(and(eq(apiKey.scope, 'operator'), ne(apiKey.keyId, keyId)))
        .returning({ keyId: apiKey.keyId })
      const changes: Change[] = others.map((other) => ({
        kind: 'api_key',
        key: other.keyId,
        deleted: true,
      }))
      const made = await transaction
        .insert(apiKey)
        .values({ keyId, tenantId: null, name: NAME, secretSha256, scope: 'operator' })
        .onConflictDoUpdate({
          target: apiKey.keyId,
          set: { secretSha256 },
          setWhere: sql`${apiKey.scope} = 'operator' AND ${apiKey.secretSha256} <> ${secretSha256}`,
        })
        .returning({ keyId: apiKey.keyId })
      if (made.length > 0) changes.push({ kind: 'api_key', key: keyId })
      else await refuseTenantKey(transaction, keyId)
      if (changes.length > 0) await cluster.record(transaction, changes)
    },
    { onLostCommit: 'repeat' },
  )
}

/** Somebody configured a tenant's key: it would silently not be the operator's. */
async function refuseTenantKey(transaction: Transaction, keyId: string): Promise<void> {
  const [row] = await transaction
    .select({ scope: apiKey.scope })
    .from(apiKey)
    .where(eq(apiKey.keyId, keyId))
  if (row?.scope === 'operator') return
  const detail = `COURANT_OPERATOR_KEY: crt_${keyId}_... is the key of a tenant.`
  throw new BusError('INVALID_ARGUMENT', detail)
}
