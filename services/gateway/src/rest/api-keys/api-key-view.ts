import type { ApiKey } from '@courant/api/internal/v1/metadata'

/** An API key as callers see it: everything but what proves it. */
export function apiKeyView(apiKey: ApiKey) {
  return {
    keyId: apiKey.keyId,
    name: apiKey.name,
    scope: 'tenantAdmin' as const,
    createdAt: apiKey.createdAtMs,
    expiresAt: apiKey.expiresAtMs === 0 ? null : apiKey.expiresAtMs,
  }
}
