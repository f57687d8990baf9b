import type { Tenant } from '@courant/api/internal/v1/metadata'

/** A tenant as operators see it. */
export function tenantView(tenant: Tenant) {
  return { tenantId: tenant.tenantId, name: tenant.name, createdAt: tenant.createdAtMs }
}
