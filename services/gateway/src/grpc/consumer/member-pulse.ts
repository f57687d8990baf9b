import { BusError, wait } from '@courant/kernel'
import { memberRef } from '../../groups/poll/member-lease.ts'
import type { PollParts } from '../../groups/poll/poll.ts'
import type { ConsumerMember } from './consumer-member.ts'
import { OPEN_FOR_MS } from './member-reading.ts'
import type { Outlet } from './outlet.ts'

/** How often the coordinator hears that the stream is open. */
const BEAT_MS = 3_000
/** A stream on which nothing else is said shows so often that it is alive. */
const SILENCE_MS = 15_000

export interface MemberPulseParts {
  readonly groups: PollParts
  readonly member: ConsumerMember
  readonly outlet: Outlet
  readonly signal: AbortSignal
}

/**
 * Tells the coordinator that the stream is open, and the member that the gateway is there. Throws
 * LEASE_EXPIRED, and NOT_COORDINATOR when none was found for as long as the session lasts.
 */
export async function pulse({ groups, member, outlet, signal }: MemberPulseParts): Promise<void> {
  const { coordinators, clock } = groups
  const { request } = member.lease
  while (true) {
    await wait(clock, BEAT_MS, signal)
    if (signal.aborted) return
    const nowMs = clock.monotonicMs()
    const { memberEpoch } = member.lease
    const beat = { member: memberRef(request), memberEpoch, endedPoll: 0, openForMs: OPEN_FOR_MS }
    const patience = { deadlineMs: nowMs + request.sessionTimeoutMs, signal }
    const { errorCode } = await coordinators.heartbeat(request, beat, patience)
    if (errorCode !== '') throw new BusError('LEASE_EXPIRED', 'The member is not in the group.')
    if (nowMs - outlet.sentAtMs >= SILENCE_MS) await outlet.send({ $case: 'heartbeat', value: {} })
  }
}
