import { type ListPartitionsRequest, PartitionFilter } from '@courant/api/internal/v1/cluster'
import { isUuid, limits } from '@courant/kernel'
import type { CallOptions } from '../../../control-plane/control-plane.ts'
import type { GatewayParts } from '../../../gateway-parts.ts'
import { decodeCursor, encodeCursor, foreignCursor } from '../../cursor.ts'
import type { PartitionState } from '../cluster-schemas.ts'
import { partitionView } from './partition-view.ts'

const FILTERS: Readonly<Record<PartitionState, PartitionFilter>> = {
  UNDER_REPLICATED: PartitionFilter.PARTITION_FILTER_UNDER_REPLICATED,
  BELOW_MIN_INSYNC: PartitionFilter.PARTITION_FILTER_BELOW_MINIMUM,
  LEADERLESS: PartitionFilter.PARTITION_FILTER_WITHOUT_LEADER,
  REASSIGNING: PartitionFilter.PARTITION_FILTER_MOVING,
}

/** Which partitions are wanted, and from where on. */
export interface PartitionQuery {
  readonly state?: PartitionState
  readonly brokerId?: number
  readonly topicId?: string
  readonly limit?: number
  readonly cursor?: string
}

interface PartitionPage {
  readonly partitions: readonly ReturnType<typeof partitionView>[]
  readonly nextCursor: string | null
}

/** One page of the partitions of all tenants. */
export async function partitionPage(
  { controlPlane, metadata }: GatewayParts,
  query: PartitionQuery,
  options: CallOptions,
): Promise<PartitionPage> {
  const request: ListPartitionsRequest = {
    filter:
      query.state === undefined
        ? PartitionFilter.PARTITION_FILTER_UNSPECIFIED
        : FILTERS[query.state],
    brokerId: query.brokerId,
    topicId: query.topicId ?? '',
    limit: query.limit ?? limits.listLimitDefault,
    ...after(query.cursor),
  }
  const { partitions, more } = await controlPlane.cluster.listPartitions(request, options)
  const views = partitions.map((status) => partitionView(status, metadata))
  const last = views.at(-1)
  const isLast = !more || last === undefined
  return {
    partitions: views,
    nextCursor: isLast ? null : encodeCursor(`${last.topicId}/${last.partition}`),
  }
}

function after(cursor: string | undefined): { afterTopicId: string; afterPartition: number } {
  if (cursor === undefined) return { afterTopicId: '', afterPartition: 0 }
  const place = /^([0-9a-f-]{36})\/(\d{1,9})$/.exec(decodeCursor(cursor))
  const [, topicId = '', partition] = place ?? []
  if (!isUuid(topicId)) throw foreignCursor()
  return { afterTopicId: topicId, afterPartition: Number(partition) }
}
