import type { Assignment } from '@courant/api/v1/consumer_service'
import { assignmentOf } from '../../groups/poll/poll.ts'
import type { ConsumerMember } from './consumer-member.ts'

/** What the member has now, and what it is to release. */
export function assignmentMessage({ lease, handover }: ConsumerMember): Assignment {
  const { memberId, sessionTimeoutMs, rebalanceTimeoutMs } = lease.request
  const readable = lease.positions.readable.filter((position) => !handover.holds(position))
  return {
    memberId,
    memberEpoch: lease.memberEpoch,
    assigned: readable.map(({ topic, partition, assignmentEpoch, committed }) => ({
      topic,
      partition,
      assignmentEpoch,
      committedOffset: committed ?? undefined,
    })),
    revoking: [...handover.asked].map(({ topic, partition }) => ({ topic, partition })),
    idleReason: readable.length > 0 ? '' : (assignmentOf(lease).idleReason ?? ''),
    sessionTimeoutMs,
    rebalanceTimeoutMs,
  }
}

/** Whether two of them say the same of who owns what. */
export function assignmentKey({ memberEpoch: _epoch, assigned, ...rest }: Assignment): string {
  const owned = assigned.map(({ committedOffset: _committed, ...each }) => each)
  return JSON.stringify([owned, rest])
}
