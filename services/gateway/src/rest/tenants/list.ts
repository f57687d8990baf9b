import { limits } from '@courant/kernel'
import { Type } from 'typebox'
import { decodeCursor, encodeCursor } from '../cursor.ts'
import { operatorRoute } from '../define-route.ts'
import { JSON_TYPE, sampleTenant } from '../samples.ts'
import { ListQuery, NextCursor, Tenant } from '../schemas.ts'
import { tenantView } from './tenant-view.ts'

const Answer = Type.Object({ tenants: Type.Array(Tenant), nextCursor: NextCursor })

export const listTenants = operatorRoute({
  method: 'GET',
  path: '/v1/tenants',
  operationId: 'listTenants',
  tag: 'Platform',
  summary: 'List tenants',
  description: 'In the order of their names. Safe to repeat.',
  isolation: 'none',
  query: ListQuery,
  responses: {
    200: {
      description: 'One page.',
      content: {
        [JSON_TYPE]: { schema: Answer, example: { tenants: [sampleTenant], nextCursor: null } },
      },
    },
  },
  errors: ['CONTROL_PLANE_UNAVAILABLE', 'TIMED_OUT'],

  async handle({ controlPlane }, { query, requestId, signal }) {
    const { tenants, more } = await controlPlane.listTenants(
      {
        limit: query.limit ?? limits.listLimitDefault,
        afterName: decodeCursor(query.cursor),
        prefix: query.prefix ?? '',
      },
      { requestId, signal },
    )
    const last = tenants.at(-1)
    const nextCursor = more && last !== undefined ? encodeCursor(last.name) : null
    return { status: 200, body: { tenants: tenants.map(tenantView), nextCursor } }
  },
})
