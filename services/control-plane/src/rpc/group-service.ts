import { streamHandler } from '@courant/api'
import type { GroupServiceServer } from '@courant/api/internal/v1/group'
import { BusError } from '@courant/kernel'
import { beginPoll } from '../groups/calls/begin-poll.ts'
import { commitOffsets } from '../groups/calls/commit-offsets.ts'
import { deleteGroup } from '../groups/calls/delete-group.ts'
import { describeGroup } from '../groups/calls/describe-group.ts'
import { heartbeatMembers } from '../groups/calls/heartbeat-members.ts'
import { leaveGroup } from '../groups/calls/leave-group.ts'
import { listGroupShards } from '../groups/calls/list-group-shards.ts'
import { listGroups } from '../groups/calls/list-groups.ts'
import { setGroupOffsets } from '../groups/calls/set-group-offsets.ts'
import type { ServiceParts } from './services.ts'
import { unary } from './unary.ts'

/** Without the caller's deadline: what a member asks for is done also when it asks again. */
export function groupService(parts: ServiceParts): GroupServiceServer {
  const { cluster, coordinator, lag } = parts
  const calls = { cluster, coordinator, lag }
  return {
    listGroupShards: unary(parts, 'ListGroupShards', () => listGroupShards(calls)),
    beginPoll: unary(parts, 'BeginPoll', (request) => beginPoll(calls, request)),
    commitOffsets: unary(parts, 'CommitOffsets', (request) => commitOffsets(calls, request)),
    heartbeatMembers: unary(parts, 'HeartbeatMembers', (request) =>
      heartbeatMembers(calls, request),
    ),
    leaveGroup: unary(parts, 'LeaveGroup', (request) => leaveGroup(calls, request)),
    watchMembers: streamHandler(({ gatewayId }, { signal }) => {
      if (gatewayId === '') throw new BusError('INVALID_ARGUMENT', 'A gateway has an id.')
      return coordinator.watches.watch(gatewayId, signal)
    }, parts.onError),
    listGroups: unary(parts, 'ListGroups', (request) => listGroups(calls, request)),
    describeGroup: unary(parts, 'DescribeGroup', (request) => describeGroup(calls, request)),
    deleteGroup: unary(parts, 'DeleteGroup', (request) => deleteGroup(calls, request)),
    setGroupOffsets: unary(parts, 'SetGroupOffsets', (request) => setGroupOffsets(calls, request)),
  }
}
