import {
  CommitGroupRequest,
  CommitGroupResponse,
  DeleteGroupRequest,
  DeleteGroupResponse,
  DescribeGroupRequest,
  DescribeGroupResponse,
  ExplainGroupRequest,
  ExplainGroupResponse,
  GroupServiceService,
  LeaveGroupRequest,
  LeaveGroupResponse,
  ListGroupsRequest,
  ListGroupsResponse,
  ResetGroupOffsetsRequest,
  ResetGroupOffsetsResponse,
} from '@courant/api/v1/group_service'
import { LogEnd } from '@courant/api/v1/record_service'
import type { GatewayParts } from '../../gateway-parts.ts'
import { commitGroup } from '../../rest/groups/commit.ts'
import { deleteGroup } from '../../rest/groups/delete.ts'
import { describeGroup } from '../../rest/groups/describe.ts'
import { explainGroup } from '../../rest/groups/explain.ts'
import { leaveGroup } from '../../rest/groups/leave.ts'
import { listGroups } from '../../rest/groups/list.ts'
import { resetGroupOffsets } from '../../rest/groups/reset-offsets.ts'
import { type Service, service } from '../calls/add-methods.ts'
import { routeMethod } from '../calls/route-method.ts'
import { findingMessage, groupMessage, summaryMessage, withoutNulls } from './group-message.ts'

/** `GroupService`: the routes of groups as methods. */
export function groupService(gateway: GatewayParts): Service {
  return service(GroupServiceService, {
    listGroups: routeMethod(gateway, {
      route: listGroups,
      request: ListGroupsRequest,
      response: ListGroupsResponse,
      call: ({ limit, cursor, prefix }) => ({
        query: { limit, cursor: cursor === '' ? undefined : cursor, prefix },
      }),
      answer: ({ groups, nextCursor }) => ({
        groups: groups.map(summaryMessage),
        nextCursor: nextCursor ?? '',
      }),
    }),
    describeGroup: routeMethod(gateway, {
      route: describeGroup,
      request: DescribeGroupRequest,
      response: DescribeGroupResponse,
      call: ({ group }) => ({ params: { group } }),
      answer: (body) => ({ group: groupMessage(body) }),
    }),
    explainGroup: routeMethod(gateway, {
      route: explainGroup,
      request: ExplainGroupRequest,
      response: ExplainGroupResponse,
      call: ({ group }) => ({ params: { group } }),
      answer: ({ group, at, findings }) => ({ group, at, findings: findings.map(findingMessage) }),
    }),
    resetGroupOffsets: routeMethod(gateway, {
      route: resetGroupOffsets,
      request: ResetGroupOffsetsRequest,
      response: ResetGroupOffsetsResponse,
      call: ({ group, to, topic, partitions, dryRun, fenceMembers }) => ({
        params: { group },
        body: {
          ...resetTo(to),
          topic: topic === '' ? undefined : topic,
          partitions: partitions.length === 0 ? undefined : partitions,
          dryRun,
          fenceMembers,
        },
      }),
      answer: ({ partitions, ...facts }) =>
        ResetGroupOffsetsResponse.fromPartial({
          ...facts,
          partitions: partitions.map(withoutNulls),
        }),
    }),
    commitGroup: routeMethod(gateway, {
      route: commitGroup,
      request: CommitGroupRequest,
      response: CommitGroupResponse,
      call: ({ group, leaseToken, metadata }) => ({
        params: { group },
        body: { leaseToken, metadata },
      }),
      answer: (body) => body,
    }),
    leaveGroup: routeMethod(gateway, {
      route: leaveGroup,
      request: LeaveGroupRequest,
      response: LeaveGroupResponse,
      call: ({ group, memberId }) => ({ params: { group, memberId } }),
      answer: () => ({}),
    }),
    deleteGroup: routeMethod(gateway, {
      route: deleteGroup,
      request: DeleteGroupRequest,
      response: DeleteGroupResponse,
      call: ({ group }) => ({ params: { group } }),
      answer: () => ({}),
    }),
  })
}

function resetTo(to: ResetGroupOffsetsRequest['to']): Record<string, unknown> {
  if (to === undefined) return {}
  switch (to.$case) {
    case 'end':
      return { to: ENDS[to.value] ?? '' }
    case 'timestamp':
      return { to: 'timestamp', timestamp: to.value }
    case 'offset':
      return { to: 'offset', offset: to.value }
    case 'shiftBy':
      return { to: 'shift', shiftBy: to.value }
    case 'fromGroup':
      return { to: 'group', fromGroup: to.value }
  }
}

const ENDS: Readonly<Record<number, string>> = {
  [LogEnd.LOG_END_EARLIEST]: 'earliest',
  [LogEnd.LOG_END_LATEST]: 'latest',
}
