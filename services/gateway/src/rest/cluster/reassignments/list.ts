import { Type } from 'typebox'
import { operatorRoute } from '../../define-route.ts'
import { JSON_TYPE } from '../../samples.ts'
import { CLOSED, ListQuery, NextCursor } from '../../schemas.ts'
import { samplePartition } from '../cluster-samples.ts'
import { ClusterPartition } from '../cluster-schemas.ts'
import { partitionPage } from '../partitions/partition-page.ts'

const { limit, cursor } = ListQuery.properties

const Answer = Type.Object({
  reassignments: Type.Array(ClusterPartition),
  nextCursor: NextCursor,
})

export const listReassignments = operatorRoute({
  method: 'GET',
  path: '/v1/cluster/reassignments',
  operationId: 'listReassignments',
  tag: 'Cluster',
  summary: 'List partitions that move',
  description:
    'Also those that a drain moves. A partition leaves the list when all of `addingReplicas` are ' +
    'in sync, and has no `removingReplicas` then. Safe to repeat.',
  isolation: 'none',
  query: Type.Object({ limit, cursor }, CLOSED),
  responses: {
    200: {
      description: 'One page.',
      content: {
        [JSON_TYPE]: {
          schema: Answer,
          example: { reassignments: [samplePartition], nextCursor: null },
        },
      },
    },
  },
  errors: ['TIMED_OUT'],

  async handle(gateway, { query, requestId, signal }) {
    const wanted = { ...query, state: 'REASSIGNING' as const }
    const { partitions, nextCursor } = await partitionPage(gateway, wanted, { requestId, signal })
    return { status: 200, body: { reassignments: partitions, nextCursor } }
  },
})
