import { topicView } from '../../topics/topic-view.ts'
import { tenantRoute } from '../define-route.ts'
import { JSON_TYPE, sampleTopic } from '../samples.ts'
import { Topic, TopicParams } from '../schemas.ts'

export const describeTopic = tenantRoute({
  method: 'GET',
  path: '/v1/topics/{topic}',
  operationId: 'describeTopic',
  tag: 'Topics',
  summary: 'Describe a topic',
  description:
    'Settings with their defaults, and each partition with its leader, replicas and epochs. ' +
    'Safe to repeat.',
  isolation: 'topic',
  params: TopicParams,
  responses: {
    200: {
      description: 'The topic.',
      content: { [JSON_TYPE]: { schema: Topic, example: sampleTopic } },
    },
  },
  errors: ['TOPIC_NOT_FOUND'],

  async handle({ metadata, topics }, { params }, { tenantId }) {
    const topic = await topics.resolve(tenantId, params.topic)
    return { status: 200, body: topicView(topic, metadata) }
  },
})
