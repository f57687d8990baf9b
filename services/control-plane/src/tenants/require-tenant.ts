import { BusError, isUuid } from '@courant/kernel'
import type { Transaction } from '../database/database.ts'
import { tenant } from '../schema/tenant.ts'

/** Before a transaction can be begun for the tenant. */
export function checkTenantId(tenantId: string): void {
  if (!isUuid(tenantId)) throw notFound()
}

/** Within a tenant's transaction, to which row-level security shows its own tenant only. */
export async function requireTenant(transaction: Transaction): Promise<void> {
  const [row] = await transaction.select({ tenantId: tenant.tenantId }).from(tenant)
  if (row === undefined) throw notFound()
}

function notFound(): BusError {
  return new BusError('TENANT_NOT_FOUND', 'There is no such tenant.')
}
