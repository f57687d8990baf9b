import { limits } from '@courant/kernel'
import { Type } from 'typebox'
import { operatorRoute } from '../../define-route.ts'
import { JSON_TYPE, sampleSummary } from '../../samples.ts'
import { CLOSED } from '../../schemas.ts'
import { GivenPartition, GivenTopicId } from '../cluster-schemas.ts'
import { answerResults, resultResponses } from './results.ts'

const Body = Type.Object(
  {
    partitions: Type.Array(
      Type.Object({ topicId: GivenTopicId, partition: GivenPartition }, CLOSED),
      { minItems: 1, maxItems: limits.electionsPerTransactionMax },
    ),
  },
  CLOSED,
)

export const cancelReassignments = operatorRoute({
  method: 'POST',
  path: '/v1/cluster/reassignments/cancel',
  operationId: 'cancelReassignments',
  tag: 'Cluster',
  summary: 'Take moves of partitions back',
  description:
    'Each partition is on the replicas that it had before its move. Refused with ' +
    '`NOT_ENOUGH_REPLICAS` where too few of these are in sync, since what was acknowledged may be ' +
    'on the new ones only. A drain moves the partition again; end that first.\n\n' +
    'Answers as the start does. A repeat after success answers `NO_REASSIGNMENT_IN_PROGRESS`.',
  isolation: 'none',
  body: {
    [JSON_TYPE]: {
      schema: Body,
      example: { partitions: [{ topicId: sampleSummary.topicId, partition: 3 }] },
    },
  },
  responses: resultResponses,
  errors: [
    'PARTITION_NOT_FOUND',
    'NO_REASSIGNMENT_IN_PROGRESS',
    'NOT_ENOUGH_REPLICAS',
    'TIMED_OUT',
  ],

  async handle(gateway, { body, requestId, signal }) {
    const answer = await gateway.controlPlane.cluster.cancelReassignments(body, {
      requestId,
      signal,
    })
    return answerResults(gateway, answer, { pointer: '/partitions', requestId })
  },
})
