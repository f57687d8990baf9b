import type { paths } from '@courant/api/openapi'
import { everyPage } from '../client/every-page.ts'
import type { Session } from '../session.ts'
import type { ClusterPartition } from './print-partitions.ts'

type Query = NonNullable<paths['/v1/cluster/partitions']['get']['parameters']['query']>

/** All partitions that fit the filters. */
export function everyPartition(
  session: Session,
  filters: Omit<Query, 'cursor'>,
): Promise<ClusterPartition[]> {
  return everyPage(async (cursor) => {
    const query = { limit: 1_000, ...filters, ...cursor }
    const page = await session.call(
      'read',
      (api) => api.GET('/v1/cluster/partitions', { params: { query } }),
      'operator',
    )
    return { items: page.partitions, nextCursor: page.nextCursor }
  })
}
