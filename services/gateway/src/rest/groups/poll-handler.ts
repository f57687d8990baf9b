import { Assignor } from '@courant/api/internal/v1/group'
import { assert, limits, type TenantId } from '@courant/kernel'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import type { Groups } from '../../groups/groups.ts'
import { checkGroupName, checkMemberId } from '../../groups/names.ts'
import { poll } from '../../groups/poll/poll.ts'
import type { Lease, MemberRequest } from '../../groups/poll/poll-request.ts'
import { tokenOfMember } from '../../groups/tokens/token-of-member.ts'
import { onAnswerEnd } from '../../http/answer-end.ts'
import { callerSignal } from '../../http/caller-signal.ts'
import { problemAt } from '../../produce/record-problem.ts'
import { JSON_TYPE } from '../samples.ts'
import type { PollBody } from './group-schemas.ts'

type Body = Static<typeof PollBody>

const MAX_RECORDS_DEFAULT = 500

/** Handles `POST /v1/groups/{group}/poll`. */
export async function handlePoll(
  groups: Groups,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { principal } = request
  assert(principal?.kind === 'tenant', 'only a tenant comes this far')
  const { group } = request.params as { group: string }
  const body = request.body as Body
  checkGroupName(group)
  checkMemberId(body.memberId, '/memberId')
  const who = { tenantId: principal.tenantId, principal: principal.keyId, group }
  const lease = await leaseOf(groups, who, body)
  const signal = callerSignal(reply, groups.dataPath.draining)
  const hold = groups.dataPath.reads.hold(principal.tenantId)
  onAnswerEnd(reply, () => hold.release())
  const answer = await poll(
    groups,
    {
      member: memberOf(who, body, request),
      lease,
      metadata: body.metadata ?? '',
      bounds: {
        maxRecords: body.maxRecords ?? MAX_RECORDS_DEFAULT,
        maxBytes: body.maxBytes ?? limits.fetchBytesDefault,
        format: body.format ?? 'json',
      },
      waitMs: body.waitMs ?? 0,
    },
    hold,
    signal,
  )
  // 'finish' comes when the system has the last byte; of a broken answer the collector takes care.
  reply.raw.once('finish', () => answer.giveBack())
  return reply.code(200).type(JSON_TYPE).send(answer.bytes)
}

interface Who {
  readonly tenantId: TenantId
  readonly principal: string
  readonly group: string
}

async function leaseOf({ tokens }: Groups, who: Who, body: Body): Promise<Lease | null> {
  const { ack, after, memberId } = body
  if (typeof ack === 'string' && typeof after === 'string') {
    throw problemAt('INVALID_ARGUMENT', '/after', 'Give either ack or after.')
  }
  if (typeof ack === 'string') {
    return { kind: 'ack', token: await tokenOfMember(tokens, { ...who, memberId }, ack, '/ack') }
  }
  if (typeof after !== 'string') return null
  return {
    kind: 'after',
    token: await tokenOfMember(tokens, { ...who, memberId }, after, '/after'),
  }
}

function memberOf(who: Who, body: Body, request: FastifyRequest): MemberRequest {
  const topics = body.topics ?? []
  const pattern = body.topicPattern ?? ''
  if (topics.length === 0 && pattern === '') {
    throw problemAt('INVALID_ARGUMENT', '/topics', 'Name topics, or give a topicPattern.')
  }
  return {
    ...who,
    memberId: body.memberId,
    subscription: { topics, pattern },
    assignor: ASSIGNORS[body.assignor ?? 'any'],
    sessionTimeoutMs: body.sessionTimeoutMs ?? limits.sessionTimeoutMsDefault,
    rebalanceTimeoutMs: body.rebalanceTimeoutMs ?? limits.rebalanceTimeoutMsDefault,
    autoOffsetReset: body.autoOffsetReset ?? 'earliest',
    clientAddress: request.socket.remoteAddress ?? '',
    clientSoftware: (request.headers['user-agent'] ?? '').slice(0, SOFTWARE_LENGTH_MAX),
    requestId: request.id,
  }
}

const ASSIGNORS = {
  any: Assignor.ASSIGNOR_UNSPECIFIED,
  uniform: Assignor.ASSIGNOR_UNIFORM,
  range: Assignor.ASSIGNOR_RANGE,
} as const
const SOFTWARE_LENGTH_MAX = 128
