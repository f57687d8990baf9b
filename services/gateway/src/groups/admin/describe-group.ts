import type { DescribeGroupResponse } from '@courant/api/internal/v1/group'
import type { Coordinators, GroupName, Patience } from '../coordinators/coordinators.ts'

/** Throws GROUP_NOT_FOUND. */
export function describeGroupOf(
  coordinators: Coordinators,
  group: GroupName,
  patience: Patience,
): Promise<DescribeGroupResponse> {
  const method = 'describeGroup' as const
  const request = { group: { tenantId: group.tenantId, group: group.group } }
  return coordinators.call(group, (client) => client[method].bind(client), request, patience)
}
