/** How fast replicas that are added may catch up: asked for, and set. */
import { Type } from 'typebox'
import { operatorRoute } from '../../define-route.ts'
import { JSON_TYPE } from '../../samples.ts'
import { CLOSED, nullable } from '../../schemas.ts'

const BytesPerSecond = nullable(
  Type.Integer({
    minimum: 1,
    maximum: Number.MAX_SAFE_INTEGER,
    description: 'What each broker may fetch for the replicas that are added to it; null: any.',
  }),
)

const Throttle = Type.Object({ bytesPerSecond: BytesPerSecond }, { $id: 'ReassignmentThrottle' })
const responses = {
  200: {
    description: 'The throttle.',
    content: { [JSON_TYPE]: { schema: Throttle, example: { bytesPerSecond: 50_000_000 } } },
  },
}

export const describeThrottle = operatorRoute({
  method: 'GET',
  path: '/v1/cluster/reassignments/throttle',
  operationId: 'describeReassignmentThrottle',
  tag: 'Cluster',
  summary: 'Show the throttle of reassignments',
  description: 'It holds for drains too. Safe to repeat.',
  isolation: 'none',
  responses,
  errors: ['TIMED_OUT'],

  async handle({ controlPlane }, { requestId, signal }) {
    const answer = await controlPlane.cluster.listBrokers({ requestId, signal })
    return { status: 200, body: { bytesPerSecond: answer.reassignmentBytesPerSecond || null } }
  },
})

export const alterThrottle = operatorRoute({
  method: 'PATCH',
  path: '/v1/cluster/reassignments/throttle',
  operationId: 'alterReassignmentThrottle',
  tag: 'Cluster',
  summary: 'Set the throttle of reassignments',
  description:
    'For moves that are under way too, and for drains. Replicas that fell behind for other reasons ' +
    'are never held back.\n\nSafe to repeat.',
  isolation: 'none',
  body: {
    [JSON_TYPE]: {
      schema: Type.Object({ bytesPerSecond: BytesPerSecond }, CLOSED),
      example: { bytesPerSecond: 50_000_000 },
    },
  },
  responses,
  errors: ['TIMED_OUT'],

  async handle({ controlPlane }, { body, requestId, signal }) {
    const { bytesPerSecond } = body
    await controlPlane.cluster.setReassignmentThrottle(bytesPerSecond ?? 0, { requestId, signal })
    return { status: 200, body: { bytesPerSecond } }
  },
})
