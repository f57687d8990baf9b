import type { RevokeApiKeyRequest, RevokeApiKeyResponse } from '@courant/api/internal/v1/admin'
import { BusError } from '@courant/kernel'
import { eq } from 'drizzle-orm'
import type { Cluster } from '../cluster.ts'
import { apiKey } from '../schema/api-key.ts'
import { checkTenantId } from '../tenants/tenant-id.ts'

/** Every gateway refuses the key as soon as its copy has reached the version of the answer. */
export async function revokeApiKey(
  cluster: Cluster,
  { tenantId, keyId }: RevokeApiKeyRequest,
  signal: AbortSignal,
): Promise<RevokeApiKeyResponse> {
  checkTenantId(tenantId)
  return cluster.database.tenant(
    tenantId,
    async (transaction) => {
      const gone = await transaction.delete(apiKey).where(eq(apiKey.keyId, keyId)).returning()
      if (gone.length === 0) throw new BusError('API_KEY_NOT_FOUND', 'There is no such API key.')
      const change = { kind: 'api_key', key: keyId, deleted: true } as const
      return { metadataVersion: await cluster.record(transaction, [change]) }
    },
    { signal },
  )
}
