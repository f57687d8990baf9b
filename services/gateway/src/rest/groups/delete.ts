import { limits } from '@courant/kernel'
import { tenantRoute } from '../define-route.ts'
import { GroupParams } from './group-schemas.ts'

export const deleteGroup = tenantRoute({
  method: 'DELETE',
  path: '/v1/groups/{group}',
  operationId: 'deleteGroup',
  tag: 'Consumer groups',
  summary: 'Delete a consumer group',
  description:
    'With its committed offsets. Only while it has no members.\n\n' +
    'A repeat answers 404 GROUP_NOT_FOUND, which means the same.',
  isolation: 'group',
  params: GroupParams,
  responses: { 204: { description: 'Deleted.' } },
  errors: ['GROUP_NOT_FOUND', 'GROUP_NOT_EMPTY', 'NOT_COORDINATOR', 'TIMED_OUT'],

  async handle({ groups, clock }, { params, requestId, signal }, { tenantId }) {
    const name = { tenantId, group: params.group }
    const deadlineMs = clock.monotonicMs() + limits.controlPlaneTimeoutMs
    const patience = { deadlineMs, requestId, signal }
    const method = 'deleteGroup' as const
    await groups.coordinators.call(name, (c) => c[method].bind(c), { group: name }, patience)
    return { status: 204 }
  },
})
