import { limits } from '@courant/kernel'
import { Type } from 'typebox'
import { operatorRoute } from '../../define-route.ts'
import { JSON_TYPE, sampleSummary } from '../../samples.ts'
import { CLOSED } from '../../schemas.ts'
import { GivenBrokerId, GivenPartition, GivenTopicId } from '../cluster-schemas.ts'
import { answerResults, resultResponses } from './results.ts'

const Body = Type.Object(
  {
    reassignments: Type.Array(
      Type.Object(
        {
          topicId: GivenTopicId,
          partition: GivenPartition,
          replicas: Type.Array(GivenBrokerId, {
            minItems: 1,
            maxItems: limits.replicationFactorMax,
            description: 'All that the partition is to have, preferred leader first.',
          }),
        },
        CLOSED,
      ),
      { minItems: 1, maxItems: limits.electionsPerTransactionMax },
    ),
  },
  CLOSED,
)

export const startReassignments = operatorRoute({
  method: 'POST',
  path: '/v1/cluster/reassignments',
  operationId: 'startReassignments',
  tag: 'Cluster',
  summary: 'Move partitions to other brokers',
  description:
    'Replicas that are new are added and catch up, within the throttle; only when all of them are ' +
    'in sync do the others leave. A list of the same brokers in another order changes the ' +
    'preferred leader. With fewer or more replicas than before, the replication factor changes.\n\n' +
    'Each partition is taken or refused by itself: 200 when all are taken, 207 when some are, and ' +
    'a problem that points at each when none is. Safe to repeat: what moves there already moves on.',
  isolation: 'none',
  body: {
    [JSON_TYPE]: {
      schema: Body,
      example: {
        reassignments: [{ topicId: sampleSummary.topicId, partition: 3, replicas: [1, 3, 4] }],
      },
    },
  },
  responses: resultResponses,
  errors: [
    'PARTITION_NOT_FOUND',
    'INVALID_REPLICA_ASSIGNMENT',
    'REASSIGNMENT_IN_PROGRESS',
    'TIMED_OUT',
  ],

  async handle(gateway, { body, requestId, signal }) {
    const answer = await gateway.controlPlane.cluster.reassignPartitions(body, {
      requestId,
      signal,
    })
    return answerResults(gateway, answer, { pointer: '/reassignments', requestId })
  },
})
