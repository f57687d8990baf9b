import { limits } from '@courant/kernel'
import { Type } from 'typebox'
import { listGroupsOf } from '../../groups/admin/list-groups.ts'
import { decodeCursor, encodeCursor } from '../cursor.ts'
import { tenantRoute } from '../define-route.ts'
import { JSON_TYPE } from '../samples.ts'
import { ListQuery, NextCursor } from '../schemas.ts'
import { GroupSummary, groupSummary, sampleSummary } from './group-view.ts'

const Answer = Type.Object({ groups: Type.Array(GroupSummary), nextCursor: NextCursor })

export const listGroups = tenantRoute({
  method: 'GET',
  path: '/v1/groups',
  operationId: 'listGroups',
  tag: 'Consumer groups',
  summary: 'List consumer groups',
  description:
    'In the order of their names, each with the lag that was sampled last. Safe to repeat.',
  isolation: 'list',
  query: ListQuery,
  responses: {
    200: {
      description: 'One page.',
      content: {
        [JSON_TYPE]: { schema: Answer, example: { groups: [sampleSummary], nextCursor: null } },
      },
    },
  },
  errors: ['NOT_COORDINATOR', 'TIMED_OUT'],

  async handle({ groups: { coordinators } }, { query, requestId }, { tenantId }) {
    const page = {
      tenantId,
      limit: query.limit ?? limits.listLimitDefault,
      after: decodeCursor(query.cursor),
      prefix: query.prefix ?? '',
    }
    const { groups, more } = await listGroupsOf(coordinators, page, requestId)
    const last = groups.at(-1)
    const nextCursor = more && last !== undefined ? encodeCursor(last.group) : null
    return { status: 200, body: { groups: groups.map(groupSummary), nextCursor } }
  },
})
