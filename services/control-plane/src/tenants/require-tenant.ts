import type { Transaction } from '../database/database.ts'
import { tenant } from '../schema/tenant.ts'
import { tenantNotFound } from './tenant-id.ts'

/** Within a tenant's transaction, to which row-level security shows its own tenant only. */
export async function requireTenant(transaction: Transaction): Promise<void> {
  const [row] = await transaction.select({ tenantId: tenant.tenantId }).from(tenant)
  if (row === undefined) throw tenantNotFound()
}
