import type { ListGroupsRequest, ListGroupsResponse } from '@courant/api/internal/v1/group'
import { and, asc, eq, gt, inArray, sql } from 'drizzle-orm'
import { pageOf, pageSize } from '../../rpc/page.ts'
import { consumerGroup } from '../../schema/consumer-group.ts'
import { checkTenantId } from '../../tenants/tenant-id.ts'
import type { GroupLookCalls } from './group-calls.ts'
import { summaryWire } from './group-wire.ts'

type Row = typeof consumerGroup.$inferSelect

/** Of a tenant, those that this control plane coordinates, in the order of their names. */
export async function listGroups(
  { cluster, coordinator, lag }: GroupLookCalls,
  { tenantId, prefix, after, limit }: ListGroupsRequest,
): Promise<ListGroupsResponse> {
  checkTenantId(tenantId)
  const size = pageSize(limit)
  const shards = coordinator.heldTerms.map(({ shard }) => shard)
  if (shards.length === 0) return { groups: [], more: false }
  const rows = await cluster.database.tenant(tenantId, (transaction) =>
    transaction
      .select()
      .from(consumerGroup)
      .where(
        and(
          eq(consumerGroup.tenantId, tenantId),
          inArray(consumerGroup.shard, shards),
          gt(consumerGroup.name, after),
          sql`starts_with(${consumerGroup.name}, ${prefix})`,
        ),
      )
      .orderBy(asc(consumerGroup.name))
      .limit(size + 1),
  )
  const { items, more } = pageOf(rows, size)
  const summarize = async (row: Row) => {
    if (row.emptySince !== null) return empty(row)
    const group = await coordinator.groupOf(tenantId, row.name)
    return group.look((loaded) => loaded?.group.summarize() ?? empty(row))
  }
  const groups = (await Promise.all(items.map(summarize))).map((summary) =>
    summaryWire(summary, lag.of(tenantId, summary.name)),
  )
  return { groups, more }
}

function empty({ name, groupEpoch, assignor }: Row) {
  return { name, state: 'EMPTY', members: 0, groupEpoch, assignor } as const
}
