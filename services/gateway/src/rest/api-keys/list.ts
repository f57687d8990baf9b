import { limits } from '@courant/kernel'
import { Type } from 'typebox'
import { decodeCursor, encodeCursor } from '../cursor.ts'
import { tenantRoute } from '../define-route.ts'
import { JSON_TYPE, sampleApiKey } from '../samples.ts'
import { ApiKey, ListQuery, NextCursor } from '../schemas.ts'
import { apiKeyView } from './api-key-view.ts'

const Answer = Type.Object({ apiKeys: Type.Array(ApiKey), nextCursor: NextCursor })

export const listApiKeys = tenantRoute({
  method: 'GET',
  path: '/v1/api-keys',
  operationId: 'listApiKeys',
  tag: 'API keys',
  summary: 'List API keys',
  description: 'In the order of their ids, without their secrets. Safe to repeat.',
  isolation: 'list',
  query: ListQuery,
  responses: {
    200: {
      description: 'One page.',
      content: {
        [JSON_TYPE]: { schema: Answer, example: { apiKeys: [sampleApiKey], nextCursor: null } },
      },
    },
  },
  errors: ['CONTROL_PLANE_UNAVAILABLE', 'TIMED_OUT'],

  async handle({ controlPlane }, { query, requestId, signal }, { tenantId }) {
    const { apiKeys, more } = await controlPlane.listApiKeys(
      {
        tenantId,
        limit: query.limit ?? limits.listLimitDefault,
        afterKeyId: decodeCursor(query.cursor),
        prefix: query.prefix ?? '',
      },
      { requestId, signal },
    )
    const last = apiKeys.at(-1)
    const nextCursor = more && last !== undefined ? encodeCursor(last.keyId) : null
    return { status: 200, body: { apiKeys: apiKeys.map(apiKeyView), nextCursor } }
  },
})
