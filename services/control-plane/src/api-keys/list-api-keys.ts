import type { ListApiKeysRequest, ListApiKeysResponse } from '@courant/api/internal/v1/admin'
import { and, asc, gt, sql } from 'drizzle-orm'
import type { Database } from '../database/database.ts'
import { pageOf, pageSize } from '../rpc/page.ts'
import { apiKey } from '../schema/api-key.ts'
import { checkTenantId } from '../tenants/tenant-id.ts'
import { apiKeyWire } from './api-key-wire.ts'

/** A tenant's keys, in the order of their ids. */
export async function listApiKeys(
  database: Database,
  request: ListApiKeysRequest,
): Promise<ListApiKeysResponse> {
  checkTenantId(request.tenantId)
  const size = pageSize(request.limit)
  const rows = await database.tenant(request.tenantId, (transaction) =>
    transaction
      .select()
      .from(apiKey)
      .where(
        and(
          gt(apiKey.keyId, request.afterKeyId),
          sql`starts_with(${apiKey.name}, ${request.prefix})`,
        ),
      )
      .orderBy(asc(apiKey.keyId))
      .limit(size + 1),
  )
  const { items, more } = pageOf(rows, size)
  return { apiKeys: items.map(apiKeyWire), more }
}
