import { Assignor } from '@courant/api/internal/v1/group'
import { AutoOffsetReset, GroupAssignor, type Subscribe } from '@courant/api/v1/consumer_service'
import type { RecordFormat } from '@courant/api/v1/record'
import { limits, type Random } from '@courant/kernel'
import { checkGroupName, checkMemberId } from '../../groups/names.ts'
import type { MemberRequest } from '../../groups/poll/poll-request.ts'
import { problemAt } from '../../produce/record-problem.ts'
import type { CallContext } from '../calls/call-context.ts'
import { checkRange, limitsOf } from '../records/read-request.ts'

/** What a member asks for when it subscribes, checked. */
export interface Subscription {
  readonly member: MemberRequest
  /** Keeps what it owns when it half-closes its stream. */
  readonly membership: 'static' | 'dynamic'
  readonly format: RecordFormat
  readonly maxMessageBytes: number
}

const SOFTWARE_LENGTH_MAX = 128
const RESETS = {
  [AutoOffsetReset.AUTO_OFFSET_RESET_UNSPECIFIED]: 'earliest',
  [AutoOffsetReset.AUTO_OFFSET_RESET_EARLIEST]: 'earliest',
  [AutoOffsetReset.AUTO_OFFSET_RESET_LATEST]: 'latest',
  [AutoOffsetReset.AUTO_OFFSET_RESET_NONE]: 'none',
} as const
const ASSIGNORS = {
  [GroupAssignor.GROUP_ASSIGNOR_UNSPECIFIED]: Assignor.ASSIGNOR_UNSPECIFIED,
  [GroupAssignor.GROUP_ASSIGNOR_UNIFORM]: Assignor.ASSIGNOR_UNIFORM,
  [GroupAssignor.GROUP_ASSIGNOR_RANGE]: Assignor.ASSIGNOR_RANGE,
} as const

/** Throws INVALID_ARGUMENT. */
export function subscriptionOf(
  subscribe: Subscribe,
  context: CallContext,
  random: Random,
): Subscription {
  const { group, topics, topicPattern: pattern, instanceId, assignor } = subscribe
  const { sessionTimeoutMs, rebalanceTimeoutMs, maxMessageBytes, format } = subscribe
  checkGroupName(group)
  checkRange(
    '/subscribe/sessionTimeoutMs',
    sessionTimeoutMs,
    limits.sessionTimeoutMsMin,
    limits.sessionTimeoutMsMax,
  )
  checkRange(
    '/subscribe/rebalanceTimeoutMs',
    rebalanceTimeoutMs,
    limits.rebalanceTimeoutMsMin,
    limits.rebalanceTimeoutMsMax,
  )
  if (topics.length > limits.subscribedTopicsMax) {
    const detail = `A member subscribes to at most ${limits.subscribedTopicsMax} topics.`
    throw problemAt('INVALID_ARGUMENT', '/subscribe/topics', detail)
  }
  if (topics.length === 0 && pattern === '') {
    const detail = 'Name topics, or give a topic pattern.'
    throw problemAt('INVALID_ARGUMENT', '/subscribe/topics', detail)
  }
  const bounds = limitsOf({
    topic: '',
    partition: 0,
    isolation: 0,
    format,
    maxBytes: maxMessageBytes,
  })
  const { principal, requestId, clientAddress, clientSoftware } = context
  return {
    member: {
      tenantId: principal.tenantId,
      principal: principal.keyId,
      group,
      memberId: memberIdOf(subscribe, random),
      subscription: { topics, pattern },
      assignor: known(ASSIGNORS, assignor, '/subscribe/assignor'),
      sessionTimeoutMs: sessionTimeoutMs ?? limits.sessionTimeoutMsDefault,
      rebalanceTimeoutMs: rebalanceTimeoutMs ?? limits.rebalanceTimeoutMsDefault,
      autoOffsetReset: known(RESETS, subscribe.autoOffsetReset, '/subscribe/autoOffsetReset'),
      clientAddress,
      clientSoftware: clientSoftware.slice(0, SOFTWARE_LENGTH_MAX),
      requestId,
    },
    membership: instanceId === '' ? 'dynamic' : 'static',
    format,
    maxMessageBytes: bounds.maxBytes,
  }
}

function memberIdOf({ memberId, instanceId }: Subscribe, random: Random): string {
  if (memberId !== '' && instanceId !== '') {
    const detail = 'A static member has an instance id, which is its member id: give one of both.'
    throw problemAt('INVALID_ARGUMENT', '/subscribe/instanceId', detail)
  }
  if (memberId === '' && instanceId === '') return random.uuid()
  if (memberId !== '') checkMemberId(memberId, '/subscribe/memberId')
  else checkMemberId(instanceId, '/subscribe/instanceId')
  return memberId === '' ? instanceId : memberId
}

function known<Value>(
  values: Readonly<Record<number, Value>>,
  given: number,
  pointer: string,
): Value {
  const value = values[given]
  if (value !== undefined) return value
  throw problemAt('INVALID_ARGUMENT', pointer, 'This value is not known here.')
}
