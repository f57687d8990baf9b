import { limits } from '@courant/kernel'
import { Type } from 'typebox'
import { operatorRoute } from '../../define-route.ts'
import { JSON_TYPE } from '../../samples.ts'
import { CLOSED, ListQuery, NextCursor } from '../../schemas.ts'
import { samplePartition } from '../cluster-samples.ts'
import {
  ClusterPartition,
  GivenBrokerId,
  GivenTopicId,
  PartitionStateName,
} from '../cluster-schemas.ts'
import { partitionPage } from './partition-page.ts'
import { topicByTenant } from './topic-by-tenant.ts'

const Query = Type.Object(
  {
    state: Type.Optional(PartitionStateName),
    brokerId: Type.Optional(GivenBrokerId),
    topicId: Type.Optional(GivenTopicId),
    tenant: Type.Optional(
      Type.String({
        maxLength: limits.tenantNameLengthMax,
        description: 'Name of a tenant, with `topic`, in the place of `topicId`.',
      }),
    ),
    topic: Type.Optional(
      Type.String({ maxLength: 249, description: 'Name of a topic of that tenant.' }),
    ),
    limit: ListQuery.properties.limit,
    cursor: ListQuery.properties.cursor,
  },
  CLOSED,
)

const Answer = Type.Object({ partitions: Type.Array(ClusterPartition), nextCursor: NextCursor })

export const listPartitions = operatorRoute({
  method: 'GET',
  path: '/v1/cluster/partitions',
  operationId: 'listPartitions',
  tag: 'Cluster',
  summary: 'List partitions of all tenants',
  description:
    'In the order of topic ids and partitions. All filters that are given hold together; ' +
    '`brokerId` means: with a replica on that broker. Safe to repeat.',
  isolation: 'none',
  query: Query,
  responses: {
    200: {
      description: 'One page.',
      content: {
        [JSON_TYPE]: {
          schema: Answer,
          example: { partitions: [samplePartition], nextCursor: null },
        },
      },
    },
  },
  errors: ['TENANT_NOT_FOUND', 'TOPIC_NOT_FOUND', 'TIMED_OUT'],

  async handle(gateway, { query, requestId, signal }) {
    const { tenant, topic, ...filters } = query
    const options = { requestId, signal }
    const topicId = await topicByTenant(gateway, query, options)
    const named = topicId === null ? {} : { topicId }
    return { status: 200, body: await partitionPage(gateway, { ...filters, ...named }, options) }
  },
})
