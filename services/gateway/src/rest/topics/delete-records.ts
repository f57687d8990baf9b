import { limits, offset, partitionIndex } from '@courant/kernel'
import { Type } from 'typebox'
import { checkPartition } from '../../topics/check-partition.ts'
import { tenantRoute } from '../define-route.ts'
import { JSON_TYPE } from '../samples.ts'
import { CLOSED } from '../schemas.ts'

const Params = Type.Object({
  topic: Type.String({ description: 'Name of the topic.' }),
  partition: Type.Integer({ minimum: 0, description: 'Index of the partition.' }),
})

const Body = Type.Object(
  {
    beforeOffset: Type.Unsafe<number | 'latest'>({
      description: 'Records below this offset are deleted; `latest`: all that are committed.',
      anyOf: [
        { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
        { type: 'string', const: 'latest' },
      ],
    }),
  },
  CLOSED,
)

const Answer = Type.Object({
  partition: Type.Integer(),
  logStartOffset: Type.Integer({ description: 'The first offset that is still there.' }),
})

export const deleteRecords = tenantRoute({
  method: 'POST',
  path: '/v1/topics/{topic}/partitions/{partition}/records/delete',
  operationId: 'deleteRecords',
  tag: 'Topics',
  summary: 'Delete the oldest records of a partition',
  description:
    'Moves the start of the log forward. Offsets of the remaining records do not change. This ' +
    'cannot be undone.\n\nSafe to repeat with an offset: what is deleted is deleted. With ' +
    '`latest` a repeat deletes what has been written meanwhile.',
  isolation: 'topic',
  params: Params,
  body: { [JSON_TYPE]: { schema: Body, example: { beforeOffset: 41_209 } } },
  responses: {
    200: {
      description: 'Deleted.',
      content: {
        [JSON_TYPE]: { schema: Answer, example: { partition: 3, logStartOffset: 41_209 } },
      },
    },
  },
  errors: [
    'TOPIC_NOT_FOUND',
    'PARTITION_NOT_FOUND',
    'OFFSET_OUT_OF_RANGE',
    'NOT_LEADER',
    'BROKER_UNAVAILABLE',
    'TIMED_OUT',
  ],

  async handle({ brokers, topics }, { params, body }, { tenantId }) {
    const topic = await topics.resolve(tenantId, params.topic)
    checkPartition(topic, params.partition)
    const before = body.beforeOffset
    const logStartOffset = await brokers.deleteRecords(
      topic.topicId,
      partitionIndex(params.partition),
      before === 'latest' ? before : offset(before),
      limits.produceTimeoutMsDefault,
    )
    return { status: 200, body: { partition: params.partition, logStartOffset } }
  },
})
