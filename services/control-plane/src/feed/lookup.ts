/** For names that a gateway's copy does not hold: does it exist, and from which version on? */
import type {
  LookupApiKeyRequest,
  LookupApiKeyResponse,
  LookupTopicRequest,
  LookupTopicResponse,
} from '@courant/api/internal/v1/metadata'
import { isUuid } from '@courant/kernel'
import { eq } from 'drizzle-orm'
import { currentVersion } from '../database/current-version.ts'
import type { Database } from '../database/database.ts'
import { apiKey } from '../schema/api-key.ts'
import { findTopic } from '../topics/tenant-topics.ts'

export async function lookupTopic(
  database: Database,
  { tenantId, name }: LookupTopicRequest,
): Promise<LookupTopicResponse> {
  if (!isUuid(tenantId)) return { found: false, metadataVersion: 0 }
  return database.tenant(tenantId, async (transaction) => {
    const found = (await findTopic(transaction, name)) !== null
    return { found, metadataVersion: await currentVersion(transaction) }
  })
}

export async function lookupApiKey(
  database: Database,
  { keyId }: LookupApiKeyRequest,
): Promise<LookupApiKeyResponse> {
  return database.platform(async (transaction) => {
    const rows = await transaction
      .select({ keyId: apiKey.keyId })
      .from(apiKey)
      .where(eq(apiKey.keyId, keyId))
    return { found: rows.length > 0, metadataVersion: await currentVersion(transaction) }
  })
}
