import { limits } from '@courant/kernel'
import { Type } from 'typebox'
import { operatorRoute } from '../../define-route.ts'
import { JSON_TYPE, sampleSummary } from '../../samples.ts'
import { CLOSED, nullable } from '../../schemas.ts'
import { GivenTopicId } from '../cluster-schemas.ts'

const Body = Type.Object(
  {
    topicIds: Type.Optional(
      nullable(
        Type.Array(GivenTopicId, {
          minItems: 1,
          maxItems: limits.listLimitDefault,
          description: 'Of these topics alone; absent: of all topics.',
        }),
      ),
    ),
  },
  CLOSED,
)

const Answer = Type.Object({
  elected: Type.Integer({ description: 'Leaderships that moved.' }),
})

export const electPreferredLeaders = operatorRoute({
  method: 'POST',
  path: '/v1/cluster/elections/preferred',
  operationId: 'electPreferredLeaders',
  tag: 'Cluster',
  summary: 'Give leaderships back to preferred leaders',
  description:
    'Where the first replica of a partition is active and in sync, it leads. The control plane ' +
    'does so by itself, a few at a time; this does it at once. Partitions that move are left out.' +
    '\n\nSafe to repeat: what is led by its preferred leader stays.',
  isolation: 'none',
  body: { [JSON_TYPE]: { schema: Body, example: { topicIds: [sampleSummary.topicId] } } },
  responses: {
    200: {
      description: 'Done.',
      content: { [JSON_TYPE]: { schema: Answer, example: { elected: 4 } } },
    },
  },
  errors: ['TIMED_OUT'],

  async handle({ controlPlane }, { body, requestId, signal }) {
    const everyTopic = ['']
    let elected = 0
    for (const topicId of body.topicIds ?? everyTopic) {
      const options = { requestId, signal }
      elected += (await controlPlane.cluster.electPreferredLeaders(topicId, options)).elected
    }
    return { status: 200, body: { elected } }
  },
})
