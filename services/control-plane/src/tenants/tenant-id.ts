import { BusError, isUuid } from '@courant/kernel'

/** Before a transaction can be begun for the tenant. Throws TENANT_NOT_FOUND. */
export function checkTenantId(tenantId: string): void {
  if (!isUuid(tenantId)) throw tenantNotFound()
}

export function tenantNotFound(): BusError {
  return new BusError('TENANT_NOT_FOUND', 'There is no such tenant.')
}
