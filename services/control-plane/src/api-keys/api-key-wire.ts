import { type ApiKey, Scope } from '@courant/api/internal/v1/metadata'
import type { ApiKeyRow } from '../schema/api-key.ts'

export function apiKeyWire(row: ApiKeyRow): ApiKey {
  return {
    keyId: row.keyId,
    tenantId: row.tenantId ?? '',
    name: row.name,
    secretSha256: row.secretSha256,
    scope: row.scope === 'operator' ? Scope.SCOPE_OPERATOR : Scope.SCOPE_TENANT_ADMIN,
    createdAtMs: row.createdAt.getTime(),
    expiresAtMs: row.expiresAt?.getTime() ?? 0,
  }
}
