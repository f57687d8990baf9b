import type { CreateTenantResponse } from '@courant/api/internal/v1/admin'
import { assert, type Random } from '@courant/kernel'
import { eq } from 'drizzle-orm'
import { newApiKey } from '../api-keys/api-key-secret.ts'
import { apiKeyWire } from '../api-keys/api-key-wire.ts'
import type { Cluster } from '../cluster.ts'
import { currentVersion } from '../database/current-version.ts'
import type { Transaction } from '../database/database.ts'
import { apiKey } from '../schema/api-key.ts'
import { tenant } from '../schema/tenant.ts'
import { checkTenantName } from './tenant-name.ts'
import { tenantWire } from './tenant-wire.ts'

/** What the first key of a tenant is called. */
const FIRST_KEY_NAME = 'admin'

/**
 * Idempotent by name. The key is shown to the caller that created the tenant and to nobody else;
 * ids and key are drawn before the transaction, so that an attempt whose COMMIT was not answered is
 * recognised when it is made again.
 */
export async function createTenant(
  { cluster, random }: { readonly cluster: Cluster; readonly random: Random },
  name: string,
  signal: AbortSignal,
): Promise<CreateTenantResponse> {
  checkTenantName(name)
  const tenantId = random.uuid()
  const key = newApiKey(random)
  const work = async (transaction: Transaction): Promise<CreateTenantResponse> => {
    const made = await transaction
      .insert(tenant)
      .values({ tenantId, name })
      .onConflictDoNothing({ target: tenant.name })
      .returning()
    const [row] =
      made.length > 0 ? made : await transaction.select().from(tenant).where(eq(tenant.name, name))
    assert(row !== undefined, 'tenants are never deleted')
    if (made.length === 0) return existing(transaction, row, key.text)
    const [keyRow] = await transaction
      .insert(apiKey)
      .values({
        keyId: key.keyId,
        tenantId,
        name: FIRST_KEY_NAME,
        secretSha256: key.secretSha256,
        scope: 'tenant_admin',
      })
      .returning()
    assert(keyRow !== undefined, 'an inserted row is returned')
    const metadataVersion = await cluster.record(transaction, [
      { kind: 'tenant', key: tenantId },
      { kind: 'api_key', key: key.keyId },
    ])
    return {
      tenant: tenantWire(row),
      created: true,
      apiKey: apiKeyWire(keyRow),
      apiKeyText: key.text,
      metadataVersion,
    }
  }

  /** By somebody else, or by an earlier attempt of this very call. */
  async function existing(
    transaction: Transaction,
    row: typeof tenant.$inferSelect,
    text: string,
  ): Promise<CreateTenantResponse> {
    const metadataVersion = await currentVersion(transaction)
    const [own] =
      row.tenantId === tenantId
        ? await transaction.select().from(apiKey).where(eq(apiKey.keyId, key.keyId))
        : []
    return {
      tenant: tenantWire(row),
      created: own !== undefined,
      apiKey: own === undefined ? undefined : apiKeyWire(own),
      apiKeyText: own === undefined ? '' : text,
      metadataVersion,
    }
  }

  return cluster.database.platform(work, { signal, onLostCommit: 'repeat' })
}
