import {
  type ListPartitionsRequest,
  type ListPartitionsResponse,
  PartitionFilter,
} from '@courant/api/internal/v1/cluster'
import { BusError, isUuid } from '@courant/kernel'
import { and, asc, eq, type SQL, sql } from 'drizzle-orm'
import type { Database } from '../database/database.ts'
import { pageOf, pageSize } from '../rpc/page.ts'
import { partition } from '../schema/partition.ts'
import { topic } from '../schema/topic.ts'
import { partitionWire } from '../topics/topic-wire.ts'

/** Of all tenants, in the order of topic ids and partitions. */
export async function listPartitions(
  database: Database,
  request: ListPartitionsRequest,
): Promise<ListPartitionsResponse> {
  const size = pageSize(request.limit)
  const rows = await database.platform((transaction) =>
    transaction
      .select({ row: partition, name: topic.name })
      .from(partition)
      .innerJoin(topic, eq(topic.topicId, partition.topicId))
      .where(conditionOf(request))
      .orderBy(asc(partition.topicId), asc(partition.partition))
      .limit(size + 1),
  )
  const { items, more } = pageOf(rows, size)
  const partitions = items.map(({ row, name }) => ({
    partition: partitionWire(row),
    tenantId: row.tenantId,
    topicName: name,
    lastKnownEligibleReplicas: row.lastKnownEligibleReplicas,
  }))
  return { partitions, more }
}

function conditionOf(request: ListPartitionsRequest): SQL | undefined {
  const { topicId, brokerId, afterTopicId, afterPartition } = request
  return and(
    filters[request.filter],
    topicId === '' ? undefined : eq(partition.topicId, checked(topicId)),
    brokerId === undefined ? undefined : sql`${brokerId}::integer = ANY (${partition.replicas})`,
    afterTopicId === ''
      ? undefined
      : sql`(${partition.topicId}, ${partition.partition})
          > (${checked(afterTopicId)}::uuid, ${afterPartition}::integer)`,
  )
}

const filters: Readonly<Partial<Record<PartitionFilter, SQL>>> = {
  [PartitionFilter.PARTITION_FILTER_UNDER_REPLICATED]: sql`NOT ${partition.replicas}
    <@ ${partition.inSyncReplicas}`,
  [PartitionFilter.PARTITION_FILTER_BELOW_MINIMUM]: sql`cardinality(${partition.inSyncReplicas})
    < ${partition.effectiveMinIsr}`,
  [PartitionFilter.PARTITION_FILTER_WITHOUT_LEADER]: sql`${partition.leader} IS NULL`,
  [PartitionFilter.PARTITION_FILTER_MOVING]: sql`${partition.targetReplicas} <> '{}'`,
}

function checked(topicId: string): string {
  if (isUuid(topicId)) return topicId
  throw new BusError('INVALID_ARGUMENT', 'A topic id is a UUID.')
}
