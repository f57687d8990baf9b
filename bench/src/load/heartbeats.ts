/** Worker: members of many groups that say they are alive, in calls as gateways gather them. */
import { callUnary } from '@courant/api'
import {
  BeginPollRequest,
  GroupServiceClient,
  type MemberHeartbeat,
} from '@courant/api/internal/v1/group'
import { systemClock } from '@courant/kernel'
import { credentials } from '@grpc/grpc-js'

export interface Heartbeats {
  /** host:port of the control plane. */
  readonly target: string
  readonly tenantId: string
  readonly topic: string
  readonly groups: number
  readonly membersPerGroup: number
}

const CALL = { timeoutMs: 30_000, clock: systemClock }
const JOINS_AT_ONCE = 64
const PER_CALL = 250
/** Each member beats once in this time. */
const BEAT_EVERY_MS = 3_000
const SESSION_MS = 1_800_000

interface Joined {
  readonly client: GroupServiceClient
  readonly heartbeats: MemberHeartbeat[]
}

let joined: Joined | null = null

export async function join(load: Heartbeats): Promise<void> {
  const client = new GroupServiceClient(load.target, credentials.createInsecure())
  const names = Array.from({ length: load.groups * load.membersPerGroup }, (_, index) => ({
    tenantId: load.tenantId,
    group: `beats-${index % load.groups}`,
    memberId: `m-${Math.floor(index / load.groups)}`,
    principal: 'bench',
  }))
  const heartbeats: MemberHeartbeat[] = []
  const joinNext = async (): Promise<void> => {
    for (let member = names.pop(); member !== undefined; member = names.pop()) {
      const request = BeginPollRequest.create({
        member,
        gatewayId: 'bench',
        subscription: { topics: [load.topic], pattern: '' },
        sessionTimeoutMs: SESSION_MS,
      })
      const { memberEpoch } = await callUnary(client.beginPoll.bind(client), request, CALL)
      heartbeats.push({ member, memberEpoch, endedPoll: 0, openForMs: 2 * BEAT_EVERY_MS })
    }
  }
  await Promise.all(Array.from({ length: JOINS_AT_ONCE }, joinNext))
  joined = { client, heartbeats }
}

/** Heartbeats a second. */
export async function beat({ seconds }: { readonly seconds: number }): Promise<number> {
  if (joined === null) throw new Error('nobody has joined')
  const { client, heartbeats } = joined
  const calls = Math.ceil(heartbeats.length / PER_CALL)
  const startedMs = performance.now()
  let sent = 0
  for (let call = 0; performance.now() < startedMs + seconds * 1000; call++) {
    const at = (call % calls) * PER_CALL
    const members = heartbeats.slice(at, at + PER_CALL)
    const { results } = await callUnary(client.heartbeatMembers.bind(client), { members }, CALL)
    const refused = results.find(({ errorCode }) => errorCode !== '')
    if (refused !== undefined) throw new Error(`a heartbeat was refused: ${refused.errorCode}`)
    sent += members.length
    const dueMs = startedMs + ((call + 1) * BEAT_EVERY_MS) / calls
    const leftMs = Math.max(0, dueMs - performance.now())
    await new Promise((resolve) => setTimeout(resolve, leftMs))
  }
  return (sent * 1000) / (performance.now() - startedMs)
}
