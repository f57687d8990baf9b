import { limits } from '@courant/kernel'
import { checkGroupName, checkMemberId } from '../../groups/names.ts'
import { tenantRoute } from '../define-route.ts'
import { MemberParams } from './group-schemas.ts'

export const leaveGroup = tenantRoute({
  method: 'DELETE',
  path: '/v1/groups/{group}/members/{memberId}',
  operationId: 'leaveGroup',
  tag: 'Consumer groups',
  summary: 'Leave a group',
  description:
    'The partitions of the member are free at once, and its id may be used by another API key. ' +
    'What it has not committed is handed out again.\n\nSafe to repeat.',
  isolation: 'group',
  params: MemberParams,
  responses: { 204: { description: 'It is not in the group any more, or never was.' } },
  errors: ['MEMBER_ID_IN_USE', 'NOT_COORDINATOR', 'TIMED_OUT'],

  async handle({ groups, clock }, { params, requestId, signal }, { tenantId, keyId }) {
    const { group, memberId } = params
    checkGroupName(group)
    checkMemberId(memberId, '{memberId}')
    const member = { tenantId, principal: keyId, group, memberId }
    const patience = {
      deadlineMs: clock.monotonicMs() + limits.controlPlaneTimeoutMs,
      requestId,
      signal,
    }
    const method = 'leaveGroup' as const
    await groups.coordinators.call(member, (c) => c[method].bind(c), { member }, patience)
    return { status: 204 }
  },
})
