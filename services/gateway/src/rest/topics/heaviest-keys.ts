import { limits } from '@courant/kernel'
import { Type } from 'typebox'
import { heaviestKeys } from '../../keys/heaviest-keys.ts'
import { checkPartition } from '../../topics/check-partition.ts'
import { tenantRoute } from '../define-route.ts'
import { JSON_TYPE } from '../samples.ts'
import { CLOSED, nullable } from '../schemas.ts'
import { HeavyKey, heavyKeyView, sampleHeavyKey } from './heavy-key-view.ts'

const Params = Type.Object({
  topic: Type.String({ description: 'Name of the topic.' }),
  partition: Type.Integer({ minimum: 0, description: 'Index of the partition.' }),
})

const Query = Type.Object(
  {
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: limits.heaviestKeysMax,
        description: `How many; ${limits.heaviestKeysMax} when absent.`,
      }),
    ),
  },
  CLOSED,
)

const Answer = Type.Object({
  partition: Type.Integer(),
  windowMs: nullable(
    Type.Integer({ description: 'How far back this reaches; null: nothing was written.' }),
  ),
  records: Type.Integer({ description: 'Written meanwhile, with keys or without.' }),
  bytes: Type.Integer(),
  recordsWithoutKey: Type.Integer(),
  bytesWithoutKey: Type.Integer(),
  unseenRecords: Type.Integer({
    description: 'Written as well, but compressed, and not looked into.',
  }),
  keys: Type.Array(HeavyKey, { description: 'Heaviest first.' }),
})

export const listHeaviestKeys = tenantRoute({
  method: 'GET',
  path: '/v1/topics/{topic}/partitions/{partition}/keys',
  operationId: 'listHeaviestKeys',
  tag: 'Topics',
  summary: 'Find the heaviest keys of a partition',
  description:
    'Which keys most of what was written carries, in the last one to two minutes, by records and ' +
    'by bytes. The totals are exact, the numbers of each key are estimates: its leader looks into ' +
    'a sample of the batches, and keeps the heaviest keys only. A key with more than 1/32 of ' +
    'either is among those that are kept. A new leader begins anew.\n\nSafe to repeat.',
  isolation: 'topic',
  params: Params,
  query: Query,
  responses: {
    200: {
      description: 'The keys, possibly none.',
      content: {
        [JSON_TYPE]: {
          schema: Answer,
          example: {
            partition: 3,
            windowMs: 84_200,
            records: 98_775,
            bytes: 12_248_000,
            recordsWithoutKey: 0,
            bytesWithoutKey: 0,
            unseenRecords: 0,
            keys: [sampleHeavyKey],
          },
        },
      },
    },
  },
  errors: [
    'TOPIC_NOT_FOUND',
    'PARTITION_NOT_FOUND',
    'NOT_LEADER',
    'BROKER_UNAVAILABLE',
    'TIMED_OUT',
    'NOT_IMPLEMENTED',
  ],

  async handle({ groups, topics }, { params, query }, { tenantId }) {
    const { partition } = params
    const topic = await topics.resolve(tenantId, params.topic)
    checkPartition(topic, partition)
    const keysMax = query.limit ?? limits.heaviestKeysMax
    const { leaders } = groups.dataPath
    const found = await heaviestKeys(leaders, topic.topicId, partition, keysMax)
    return {
      status: 200,
      body: {
        partition,
        windowMs: found.windowMs < 0 ? null : found.windowMs,
        records: found.records,
        bytes: found.bytes,
        recordsWithoutKey: found.keylessRecords,
        bytesWithoutKey: found.keylessBytes,
        unseenRecords: found.unseenRecords,
        keys: found.keys.map((key) => heavyKeyView(key, found)),
      },
    }
  },
})
