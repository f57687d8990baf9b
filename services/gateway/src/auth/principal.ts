import type { TenantId } from '@courant/kernel'

/** The holder of a tenant's API key. It acts inside its tenant and nowhere else. */
export interface TenantPrincipal {
  readonly kind: 'tenant'
  readonly tenantId: TenantId
  readonly keyId: string
}

/** A platform operator. It manages tenants and sees nothing inside them. */
export interface OperatorPrincipal {
  readonly kind: 'operator'
  readonly keyId: string
}

/** Who a request comes from. */
export type Principal = TenantPrincipal | OperatorPrincipal
