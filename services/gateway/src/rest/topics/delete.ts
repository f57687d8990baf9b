import { limits } from '@courant/kernel'
import { tenantRoute } from '../define-route.ts'
import { TopicParams } from '../schemas.ts'

export const deleteTopic = tenantRoute({
  method: 'DELETE',
  path: '/v1/topics/{topic}',
  operationId: 'deleteTopic',
  tag: 'Topics',
  summary: 'Delete a topic',
  description:
    'The topic and all its records are gone at once; their disk space follows. This cannot be ' +
    'undone.\n\nA repeat answers 404, unless somebody has created a topic of that name meanwhile: ' +
    'that one would be deleted.',
  isolation: 'topic',
  params: TopicParams,
  responses: { 204: { description: 'Deleted.' } },
  errors: ['TOPIC_NOT_FOUND', 'CONTROL_PLANE_UNAVAILABLE', 'TIMED_OUT'],

  async handle({ controlPlane, metadata, topics }, { params, requestId, signal }, { tenantId }) {
    const { name } = await topics.resolve(tenantId, params.topic)
    const answer = await controlPlane.deleteTopic({ tenantId, name }, { requestId, signal })
    await metadata.atLeast(answer.metadataVersion, limits.controlPlaneTimeoutMs)
    return { status: 204 }
  },
})
