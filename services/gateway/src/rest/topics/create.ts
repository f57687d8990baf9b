import { assert, BusError, encodeTopicConfig, limits, topicNameProblem } from '@courant/kernel'
import type { Topic as TopicRow } from '@courant/metadata'
import { Type } from 'typebox'
import type { GatewayParts } from '../../gateway-parts.ts'
import { topicOfAnswer } from '../../topics/topic-of-answer.ts'
import { topicView } from '../../topics/topic-view.ts'
import { tenantRoute } from '../define-route.ts'
import type { RouteAnswer } from '../route.ts'
import { JSON_TYPE, sampleTopic } from '../samples.ts'
import { CLOSED, GivenConfig, nullable, Topic } from '../schemas.ts'

const Body = Type.Object(
  {
    name: Type.String({
      description: 'At most 249 of letters, digits, ".", "_" and "-"; neither "." nor "..".',
    }),
    partitions: Type.Optional(
      nullable(
        Type.Integer({
          minimum: 1,
          maximum: limits.partitionsPerTopicMax,
          description: 'Default: 1. More can be added later, fewer never.',
        }),
      ),
    ),
    replicationFactor: Type.Optional(
      nullable(
        Type.Integer({
          minimum: 1,
          maximum: limits.replicationFactorMax,
          description: 'Default: 3, or the number of brokers if there are fewer.',
        }),
      ),
    ),
    config: Type.Optional(nullable(GivenConfig)),
  },
  CLOSED,
)

const Query = Type.Object(
  {
    timeoutMs: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: limits.createTimeoutMsMax,
        description: `How long to wait until the topic serves; ${limits.createTimeoutMsDefault} when absent.`,
      }),
    ),
  },
  CLOSED,
)

const content = { [JSON_TYPE]: { schema: Topic, example: sampleTopic } }
const headers = { Location: 'Path of the topic.' }

export const createTopic = tenantRoute({
  method: 'POST',
  path: '/v1/topics',
  operationId: 'createTopic',
  tag: 'Topics',
  summary: 'Create a topic',
  description:
    'Answers when every partition has a leader that serves, so the next request may produce, ' +
    'through this gateway or any other.\n\n' +
    'Safe to repeat: an equal repeat answers 200 with the topic, a different topic of the same ' +
    'name is 409.',
  isolation: 'create',
  query: Query,
  body: {
    [JSON_TYPE]: {
      schema: Body,
      example: { name: 'orders', partitions: 12, config: { retentionMs: 86_400_000 } },
    },
  },
  responses: {
    201: { description: 'Created and serving.', content, headers },
    200: { description: 'An equal topic was there already.', content, headers },
    202: {
      description: 'Created, but not all partitions served within `timeoutMs`.',
      content: {
        [JSON_TYPE]: { schema: Topic, example: { ...sampleTopic, status: 'CREATING' } },
      },
      headers,
    },
  },
  errors: [
    'INVALID_TOPIC_NAME',
    'INVALID_CONFIG',
    'INVALID_PARTITIONS',
    'INVALID_REPLICATION_FACTOR',
    'TOPIC_ALREADY_EXISTS',
    'CONTROL_PLANE_UNAVAILABLE',
    'TIMED_OUT',
  ],

  async handle(gateway, { body, query, requestId, signal }, { tenantId }) {
    checkName(body.name)
    const deadlineMs =
      gateway.clock.monotonicMs() + (query?.timeoutMs ?? limits.createTimeoutMsDefault)
    const answer = await gateway.controlPlane.createTopic(
      {
        tenantId,
        name: body.name,
        partitionCount: body.partitions ?? 0,
        replicationFactor: body.replicationFactor ?? 0,
        config: encodeTopicConfig(withoutNulls(body.config ?? {}), '/config'),
      },
      { requestId, signal },
    )
    assert(answer.topic !== undefined, 'a created topic is answered')
    const topic = topicOfAnswer(answer.topic, answer.metadataVersion)
    const serves = await waitUntilServing(gateway, topic, deadlineMs)
    return answerOf(gateway, topic, serves ? (answer.created ? 201 : 200) : 202)
  },
})

function checkName(name: string): void {
  const detail = topicNameProblem(name)
  if (detail === null) return
  throw new BusError('INVALID_TOPIC_NAME', detail, { violations: [{ pointer: '/name', detail }] })
}

/** Where a topic is created there is nothing to return to a default: null is absence. */
function withoutNulls(
  config: Readonly<Record<string, string | number | null>>,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== null))
}

/** First our own copy has to know the topic, then its leaders have to answer for it. */
async function waitUntilServing(
  { clock, metadata, brokers }: GatewayParts,
  { topicId, partitionCount, version }: TopicRow,
  deadlineMs: number,
): Promise<boolean> {
  const left = (): number => Math.max(0, deadlineMs - clock.monotonicMs())
  if (!(await metadata.atLeast(version, left()))) return false
  return brokers.waitUntilServing(topicId, partitionCount, left())
}

function answerOf(
  { metadata }: GatewayParts,
  created: TopicRow,
  status: 200 | 201 | 202,
): RouteAnswer {
  const topic = metadata.topicById(created.topicId) ?? created
  const view = topicView(topic, metadata)
  return {
    status,
    headers: { location: `/v1/topics/${topic.name}` },
    body: status === 202 ? { ...view, status: 'CREATING' } : view,
  }
}
