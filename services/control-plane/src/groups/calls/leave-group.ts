import type { LeaveGroupRequest, LeaveGroupResponse } from '@courant/api/internal/v1/group'
import { BusError } from '@courant/kernel'
import { checkMember } from './check-names.ts'
import type { GroupCalls } from './group-calls.ts'

/** Its partitions are free when it resolves. Who is no member has left. Throws MEMBER_ID_IN_USE. */
export async function leaveGroup(
  { coordinator }: Pick<GroupCalls, 'coordinator'>,
  request: LeaveGroupRequest,
): Promise<LeaveGroupResponse> {
  const { tenantId, group: name, memberId, principal } = checkMember(request.member)
  const group = await coordinator.groupOf(tenantId, name)
  const left = group.change({
    apply: (loaded, now) => {
      loaded.group.leave({ memberId, principal }, now)
      return () => {}
    },
  })
  await left.catch((error: unknown) => {
    if (!(error instanceof BusError) || error.code !== 'GROUP_NOT_FOUND') throw error
  })
  return {}
}
