import type { Tenant } from '@courant/api/internal/v1/metadata'
import type { TenantRow } from '../schema/tenant.ts'

export function tenantWire(row: TenantRow): Tenant {
  return { tenantId: row.tenantId, name: row.name, createdAtMs: row.createdAt.getTime() }
}
