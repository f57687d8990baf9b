import type { CreateApiKeyRequest, CreateApiKeyResponse } from '@courant/api/internal/v1/admin'
import { assert, BusError, limits, type Random } from '@courant/kernel'
import { eq, sql } from 'drizzle-orm'
import type { Cluster } from '../cluster.ts'
import { currentVersion } from '../database/current-version.ts'
import type { Transaction } from '../database/database.ts'
import { apiKey } from '../schema/api-key.ts'
import { requireTenant } from '../tenants/require-tenant.ts'
import { checkTenantId } from '../tenants/tenant-id.ts'
import { newApiKey } from './api-key-secret.ts'
import { apiKeyWire } from './api-key-wire.ts'

const CONTROL = /\p{Cc}/u

/** Every call makes another key. Its text is in this answer and nowhere else. */
export async function createApiKey(
  { cluster, random }: { readonly cluster: Cluster; readonly random: Random },
  request: CreateApiKeyRequest,
  signal: AbortSignal,
): Promise<CreateApiKeyResponse> {
  checkTenantId(request.tenantId)
  checkName(request.name)
  const { keyId, secretSha256, text } = newApiKey(random)
  const work = async (transaction: Transaction): Promise<CreateApiKeyResponse> => {
    await requireTenant(transaction)
    await checkCount(transaction)
    const { expiresAtMs, tenantId, name } = request
    if (expiresAtMs !== 0) await checkExpiry(transaction, expiresAtMs)
    const expiresAt = expiresAtMs === 0 ? null : new Date(expiresAtMs)
    const made = await transaction
      .insert(apiKey)
      .values({ keyId, tenantId, name, secretSha256, scope: 'tenant_admin', expiresAt })
      .onConflictDoNothing()
      .returning()
    const metadataVersion =
      made.length > 0
        ? await cluster.record(transaction, [{ kind: 'api_key', key: keyId }])
        : await currentVersion(transaction)
    // Only an attempt of this very call can have made a key with this id.
    const [row] =
      made.length > 0
        ? made
        : await transaction.select().from(apiKey).where(eq(apiKey.keyId, keyId))
    assert(row !== undefined, 'the key is there')
    return { apiKey: apiKeyWire(row), apiKeyText: text, metadataVersion }
  }
  return cluster.database.tenant(request.tenantId, work, { signal, onLostCommit: 'repeat' })
}

function checkName(name: string): void {
  const max = limits.apiKeyNameLengthMax
  if (name.length <= max && !CONTROL.test(name)) return
  const detail = `A key's name has at most ${max} characters and no control characters.`
  throw new BusError('INVALID_ARGUMENT', detail, { violations: [{ pointer: '/name', detail }] })
}

/** Callers side by side may go beyond it by their number: it has to end a loop, no more. */
async function checkCount(transaction: Transaction): Promise<void> {
  const max = limits.apiKeysPerTenantMax
  if ((await transaction.$count(apiKey)) < max) return
  throw new BusError('INVALID_ARGUMENT', `A tenant has at most ${max} API keys. Revoke some.`)
}

/** By the database's clock, the only one that all control planes share (B1.7). */
async function checkExpiry(transaction: Transaction, expiresAtMs: number): Promise<void> {
  const result = await transaction.execute<{ ahead: boolean }>(
    sql`SELECT ${expiresAtMs}::float8 > extract(epoch FROM clock_timestamp()) * 1000 AS ahead`,
  )
  if (result.rows[0]?.ahead === true && expiresAtMs <= EXPIRY_MS_MAX) return
  const detail = 'A key expires in the future, before the year 10000.'
  throw new BusError('INVALID_ARGUMENT', detail, {
    violations: [{ pointer: '/expiresAt', detail }],
  })
}

const EXPIRY_MS_MAX = Date.UTC(9999, 11, 31)
