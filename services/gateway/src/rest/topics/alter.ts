import { encodeTopicConfig, type TopicSettingName, topicSettings } from '@courant/kernel'
import { Type } from 'typebox'
import { tenantRoute } from '../define-route.ts'
import { JSON_TYPE, sampleTopic } from '../samples.ts'
import { CLOSED, GivenConfig, Topic, TopicParams } from '../schemas.ts'
import { changedTopic } from './changed-topic.ts'

const Body = Type.Object({ config: GivenConfig }, CLOSED)

export const alterTopic = tenantRoute({
  method: 'PATCH',
  path: '/v1/topics/{topic}',
  operationId: 'alterTopic',
  tag: 'Topics',
  summary: 'Change settings of a topic',
  description:
    'Settings that are given are set, `null` returns one to its default, and those that are not ' +
    'given stay as they are.\n\nSafe to repeat: the second time changes nothing.',
  isolation: 'topic',
  params: TopicParams,
  body: {
    [JSON_TYPE]: {
      schema: Body,
      example: { config: { retentionMs: 3_600_000, retentionBytes: null } },
    },
  },
  responses: {
    200: {
      description: 'The topic as it is now.',
      content: { [JSON_TYPE]: { schema: Topic, example: sampleTopic } },
    },
  },
  errors: ['TOPIC_NOT_FOUND', 'INVALID_CONFIG', 'CONTROL_PLANE_UNAVAILABLE', 'TIMED_OUT'],

  async handle(gateway, { params, body, requestId, signal }, { tenantId }) {
    const topic = await gateway.topics.resolve(tenantId, params.topic)
    const entries = Object.entries(body.config)
    const given = Object.fromEntries(entries.filter(([, value]) => value !== null))
    const reset = entries.filter(([, value]) => value === null).map(([name]) => kafkaName(name))
    const { metadataVersion } = await gateway.controlPlane.alterTopic(
      { tenantId, name: topic.name, set: encodeTopicConfig(given, '/config'), reset },
      { requestId, signal },
    )
    return { status: 200, body: await changedTopic(gateway, topic.topicId, metadataVersion) }
  },
})

/** The schema admits no name that is not in the table. */
function kafkaName(name: string): string {
  return topicSettings[name as TopicSettingName].kafka
}
