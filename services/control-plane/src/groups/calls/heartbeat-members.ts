import type {
  HeartbeatMembersRequest,
  HeartbeatMembersResponse,
  MemberHeartbeat,
  MemberHeartbeatResult,
} from '@courant/api/internal/v1/group'
import type { Heartbeat, HeartbeatAnswer, Now } from '@courant/group'
import { BusError } from '@courant/kernel'
import type { Loaded } from '../coordination/group-memory.ts'
import { checkMember } from './check-names.ts'
import type { GroupCalls } from './group-calls.ts'

/** Signs of life. They are memory: nothing is written. */
export async function heartbeatMembers(
  { coordinator }: Pick<GroupCalls, 'coordinator'>,
  { members }: HeartbeatMembersRequest,
): Promise<HeartbeatMembersResponse> {
  const one = async (heartbeat: MemberHeartbeat): Promise<MemberHeartbeatResult> => {
    try {
      const { tenantId, group: name, memberId, principal } = checkMember(heartbeat.member)
      const { memberEpoch, openForMs, endedPoll } = heartbeat
      const alive = { memberId, principal, memberEpoch, openForMs: Math.max(0, openForMs) }
      const group = await coordinator.groupOf(tenantId, name)
      return wireOf(await group.look((loaded, now) => hear(loaded, alive, endedPoll, now)))
    } catch (error) {
      return refused(BusError.from(error).code)
    }
  }
  return { results: await Promise.all(members.map(one)) }
}

function hear(
  loaded: Loaded | null,
  heartbeat: Heartbeat,
  endedPoll: number,
  now: Now,
): HeartbeatAnswer {
  const answer = loaded?.group.heartbeat(heartbeat, now) ?? null
  if (answer === null || endedPoll === 0) return answer
  loaded?.group.endPoll({ memberId: heartbeat.memberId, pollNumber: endedPoll }, now)
  // After the end, from which the session runs.
  return loaded?.group.heartbeat(heartbeat, now) ?? null
}

function wireOf(answer: HeartbeatAnswer): MemberHeartbeatResult {
  return answer === null ? refused('LEASE_EXPIRED') : { errorCode: '', ...answer }
}

function refused(errorCode: string): MemberHeartbeatResult {
  return { errorCode, memberEpoch: 0, sessionEndsInMs: 0, releaseWanted: false }
}
