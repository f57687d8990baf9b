import type { ListTenantsRequest, ListTenantsResponse } from '@courant/api/internal/v1/admin'
import { and, asc, gt, sql } from 'drizzle-orm'
import type { Database } from '../database/database.ts'
import { pageOf, pageSize } from '../rpc/page.ts'
import { tenant } from '../schema/tenant.ts'
import { tenantWire } from './tenant-wire.ts'

/** In the order of their names by bytes. */
export async function listTenants(
  database: Database,
  request: ListTenantsRequest,
): Promise<ListTenantsResponse> {
  const size = pageSize(request.limit)
  const rows = await database.platform((transaction) =>
    transaction
      .select()
      .from(tenant)
      .where(
        and(
          gt(tenant.name, request.afterName),
          sql`starts_with(${tenant.name}, ${request.prefix})`,
        ),
      )
      .orderBy(asc(tenant.name))
      .limit(size + 1),
  )
  const { items, more } = pageOf(rows, size)
  return { tenants: items.map(tenantWire), more }
}
