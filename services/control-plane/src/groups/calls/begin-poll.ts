import {
  type AssignedTopic,
  Assignor,
  type BeginPollRequest,
  type BeginPollResponse,
  IdleReason,
} from '@courant/api/internal/v1/group'
import {
  type AssignorName,
  type Poll,
  type PollAnswer,
  parseSubscription,
  parseTimeouts,
} from '@courant/group'
import { BusError, limits } from '@courant/kernel'
import type { CommittedOffsets } from '../coordination/committed-offsets.ts'
import { checkMember, readable } from './check-names.ts'
import type { GroupCalls } from './group-calls.ts'

/**
 * Joins the group if the member is not in it, and makes the group if there is none. Throws
 * MEMBER_ID_IN_USE, GROUP_FULL, INVALID_ARGUMENT, LEASE_EXPIRED, POLL_SUPERSEDED, NOT_COORDINATOR.
 */
export async function beginPoll(
  { coordinator }: Pick<GroupCalls, 'coordinator'>,
  request: BeginPollRequest,
): Promise<BeginPollResponse> {
  const { tenantId, group: name, memberId, principal } = checkMember(request.member)
  const poll = pollOf(request, { memberId, principal })
  const group = await coordinator.groupOf(tenantId, name)
  return group.change({
    makesGroup: true,
    apply: ({ group: state, offsets }, now) => {
      const begun = state.beginPoll(poll, now)
      return () => answerOf(state.answerPoll(begun), offsets)
    },
  })
}

function pollOf(
  request: BeginPollRequest,
  who: { readonly memberId: string; readonly principal: string },
): Poll {
  const { openForMs, gatewayId, pollNumber, keepsPartitions } = request
  if (openForMs < 0 || openForMs > limits.sessionTimeoutMsMax) {
    throw new BusError('INVALID_ARGUMENT', 'A poll is open for no longer than a session.')
  }
  return {
    ...who,
    ...parseTimeouts(request),
    gatewayId: readable(gatewayId),
    pollNumber,
    subscription: parseSubscription(request.subscription ?? {}),
    assignor: assignorOf(request.assignor),
    openForMs,
    keepsPartitions,
    clientAddress: readable(request.clientAddress),
    clientSoftware: readable(request.clientSoftware),
  }
}

function assignorOf(wire: Assignor): AssignorName | null {
  switch (wire) {
    case Assignor.ASSIGNOR_UNIFORM:
      return 'uniform'
    case Assignor.ASSIGNOR_RANGE:
      return 'range'
    default:
      return null
  }
}

function answerOf(answer: PollAnswer, offsets: CommittedOffsets): BeginPollResponse {
  const { pollNumber, memberEpoch, assignment, revoked, idleReason } = answer
  return {
    pollNumber,
    memberEpoch,
    assignment: assignment.map((topic) => ({
      ...topic,
      partitions: topic.partitions.map((assigned) => assignedOf(topic.topicId, assigned, offsets)),
    })),
    revoked: revoked.map((topic) => ({ ...topic, partitions: [...topic.partitions] })),
    idleReason:
      idleReason === null
        ? IdleReason.IDLE_REASON_UNSPECIFIED
        : IdleReason[`IDLE_REASON_${idleReason}`],
  }
}

function assignedOf(
  topicId: string,
  { partition, assignmentEpoch }: { readonly partition: number; readonly assignmentEpoch: number },
  offsets: CommittedOffsets,
): AssignedTopic['partitions'][number] {
  const committed = offsets.at({ topicId, partition })
  return {
    partition,
    assignmentEpoch,
    committedOffset: committed?.offset,
    committedLeaderEpoch: committed?.leaderEpoch ?? -1,
  }
}
