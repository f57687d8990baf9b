import { limits } from '@courant/kernel'
import { Type } from 'typebox'
import { topicSummary } from '../../topics/topic-view.ts'
import { decodeCursor, encodeCursor } from '../cursor.ts'
import { tenantRoute } from '../define-route.ts'
import { JSON_TYPE, sampleSummary } from '../samples.ts'
import { ListQuery, NextCursor, TopicSummary } from '../schemas.ts'

const Answer = Type.Object({ topics: Type.Array(TopicSummary), nextCursor: NextCursor })

export const listTopics = tenantRoute({
  method: 'GET',
  path: '/v1/topics',
  operationId: 'listTopics',
  tag: 'Topics',
  summary: 'List topics',
  description: 'In the order of their names. Safe to repeat.',
  isolation: 'list',
  query: ListQuery,
  responses: {
    200: {
      description: 'One page.',
      content: {
        [JSON_TYPE]: { schema: Answer, example: { topics: [sampleSummary], nextCursor: null } },
      },
    },
  },
  errors: [],

  handle({ metadata }, { query }, { tenantId }) {
    const limit = query.limit ?? limits.listLimitDefault
    const found = metadata.topicsOf(tenantId, {
      prefix: query.prefix ?? '',
      after: decodeCursor(query.cursor),
      limit: limit + 1,
    })
    const page = found.slice(0, limit)
    const last = page.at(-1)
    const more = found.length > limit && last !== undefined
    return {
      status: 200,
      body: { topics: page.map(topicSummary), nextCursor: more ? encodeCursor(last.name) : null },
    }
  },
})
