import { limits } from '@courant/kernel'
import { Type } from 'typebox'
import { tenantRoute } from '../define-route.ts'
import { JSON_TYPE, sampleTopic } from '../samples.ts'
import { CLOSED, Topic, TopicParams } from '../schemas.ts'
import { changedTopic } from './changed-topic.ts'

const WARNING =
  'Records with a key may now go to another partition than earlier records of the same key: ' +
  'their order is kept only from here on.'

const Body = Type.Object(
  {
    partitions: Type.Integer({
      minimum: 1,
      maximum: limits.partitionsPerTopicMax,
      description: 'The new total, not the number to add.',
    }),
  },
  CLOSED,
)

const Answer = Type.Object({
  ...Topic.properties,
  warnings: Type.Array(Type.String(), { description: 'What the change means for keys.' }),
})

export const addPartitions = tenantRoute({
  method: 'POST',
  path: '/v1/topics/{topic}/partitions',
  operationId: 'addPartitions',
  tag: 'Topics',
  summary: 'Add partitions to a topic',
  description:
    'Keys are spread over partitions by their hash, so with more partitions the same key may ' +
    'land elsewhere than before, and the order of its records across that moment is lost. There ' +
    'is no way back: partitions cannot be removed.\n\n' +
    'Safe to repeat, because the body names the total.',
  isolation: 'topic',
  params: TopicParams,
  body: { [JSON_TYPE]: { schema: Body, example: { partitions: 24 } } },
  responses: {
    200: {
      description: 'The topic as it is now.',
      content: {
        [JSON_TYPE]: {
          schema: Answer,
          example: { ...sampleTopic, partitions: 24, warnings: [WARNING] },
        },
      },
    },
  },
  errors: ['TOPIC_NOT_FOUND', 'INVALID_PARTITIONS', 'CONTROL_PLANE_UNAVAILABLE', 'TIMED_OUT'],

  async handle(gateway, { params, body, requestId, signal }, { tenantId }) {
    const topic = await gateway.topics.resolve(tenantId, params.topic)
    const { metadataVersion } = await gateway.controlPlane.addPartitions(
      { tenantId, name: topic.name, partitionCount: body.partitions },
      { requestId, signal },
    )
    const changed = await changedTopic(gateway, topic.topicId, metadataVersion)
    await gateway.brokers.waitUntilServing(
      topic.topicId,
      changed.partitions,
      limits.createTimeoutMsDefault,
    )
    const warnings = changed.partitions > topic.partitionCount ? [WARNING] : []
    return { status: 200, body: { ...changed, warnings } }
  },
})
