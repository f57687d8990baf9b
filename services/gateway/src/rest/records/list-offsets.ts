import { problemOf } from '@courant/api'
import { assert, BusError } from '@courant/kernel'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import { problemAt } from '../../produce/record-problem.ts'
import { findOffsets, type OffsetQuery } from '../../routing/partition-offsets.ts'
import type { RouteDescription } from '../route.ts'
import { JSON_TYPE } from '../samples.ts'
import { CLOSED, ItemProblem, nullable, TopicParams } from '../schemas.ts'
import type { DataPath } from './data-path.ts'

const ListOffsetsQuery = Type.Object(
  {
    timestamp: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: Number.MAX_SAFE_INTEGER,
        description: 'The offset of the first record that is as young; null if none is.',
      }),
    ),
    from: Type.Optional(
      Type.Unsafe<'earliest' | 'latest'>({
        type: 'string',
        enum: ['earliest', 'latest'],
        description: 'Either end of the log; latest when neither parameter is given.',
      }),
    ),
  },
  CLOSED,
)

export const listOffsets: RouteDescription = {
  method: 'GET',
  path: '/v1/topics/{topic}/offsets',
  operationId: 'listOffsets',
  tag: 'Records',
  summary: 'Find offsets in every partition of a topic',
  description:
    'For each partition the offset of its first record, of its end, or of the first record at or ' +
    'after a timestamp. A partition of which that is not known now, since it has no leader or its ' +
    'broker does not answer, has a `problem` in the place of its offset; only when that is so of ' +
    'all of them is the answer a problem as a whole.\n\nSafe to repeat.',
  access: 'tenant',
  isolation: 'topic',
  params: TopicParams,
  query: ListOffsetsQuery,
  responses: {
    200: {
      description: 'One entry a partition, in order.',
      content: {
        [JSON_TYPE]: {
          schema: Type.Object({
            offsets: Type.Array(
              Type.Object({
                partition: Type.Integer(),
                offset: Type.Optional(
                  nullable(Type.Integer({ description: 'Null: no record is as young.' })),
                ),
                problem: Type.Optional(ItemProblem),
              }),
            ),
          }),
          example: { offsets: [{ partition: 0, offset: 41_210 }] },
        },
      },
    },
  },
  errors: ['TOPIC_NOT_FOUND', 'NOT_LEADER', 'BROKER_UNAVAILABLE', 'STORAGE_OFFLINE'],
}

/** Handles `GET /v1/topics/{topic}/offsets`. */
export async function handleListOffsets(
  { topics, leaders }: DataPath,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  assert(request.principal?.kind === 'tenant', 'only a tenant comes this far')
  const { topic: name } = request.params as { topic: string }
  const topic = await topics.resolve(request.principal.tenantId, name)
  const query = queryOf(request.query as Static<typeof ListOffsetsQuery>)
  const found = await findOffsets(leaders, topic.topicId, topic.partitionCount, query)
  const errors = found.filter((one) => one instanceof BusError)
  const [first] = errors
  if (first !== undefined && errors.length === found.length) throw first
  const offsets = found.map((one, partition) => ({
    partition,
    ...(one instanceof BusError
      ? { problem: problemOf(one, request.id) }
      : { offset: one.offset < 0 ? null : one.offset }),
  }))
  return reply.code(200).type(JSON_TYPE).send(JSON.stringify({ offsets }))
}

function queryOf({ timestamp, from }: Static<typeof ListOffsetsQuery>): OffsetQuery {
  if (timestamp !== undefined && from !== undefined) {
    throw problemAt('INVALID_ARGUMENT', '?timestamp', 'Give one of timestamp and from.')
  }
  return timestamp === undefined ? (from ?? 'latest') : { timestamp }
}
