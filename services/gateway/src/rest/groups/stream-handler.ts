import { Readable } from 'node:stream'
import { Assignor } from '@courant/api/internal/v1/group'
import { assert, limits } from '@courant/kernel'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Groups } from '../../groups/groups.ts'
import { checkGroupName, checkMemberId } from '../../groups/names.ts'
import { MemberLease } from '../../groups/poll/member-lease.ts'
import type { MemberRequest } from '../../groups/poll/poll-request.ts'
import {
  MemberStream,
  type MemberStreamOptions,
  OPEN_FOR_MS,
} from '../../groups/stream/member-stream.ts'
import type { LeaseToken } from '../../groups/tokens/lease-token.ts'
import { tokenOfMember } from '../../groups/tokens/token-of-member.ts'
import { negotiate } from '../../http/accept.ts'
import { onAnswerEnd, passedOn } from '../../http/answer-end.ts'
import { callerSignal } from '../../http/caller-signal.ts'
import { problemAt } from '../../produce/record-problem.ts'
import { EVENTS_TYPE } from '../records/fetch.ts'
import { NDJSON_TYPE } from '../records/produce.ts'
import { sendOpen } from '../records/send-open.ts'
import {
  STREAM_RECORDS_DEFAULT,
  type StreamQueryValue,
  UNACKED_BYTES_DEFAULT,
  UNACKED_RECORDS_DEFAULT,
} from './stream.ts'

const BEGIN_MS_MAX = 15_000
const BYTES = { objectMode: false, highWaterMark: 1 }

/** Handles `GET /v1/groups/{group}/members/{memberId}/stream`. */
export async function handleStream(
  groups: Groups,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const query = request.query as StreamQueryValue
  const member = memberOf(request, query)
  const token = await tokenOf(groups, member, query, request.headers['last-event-id'])
  const type = negotiate(request.headers.accept, [NDJSON_TYPE, EVENTS_TYPE]) ?? NDJSON_TYPE
  const signal = callerSignal(reply, groups.dataPath.draining)
  const hands = token === null || token.topics.length === 0 ? 'empty' : 'full'
  const deadlineMs = groups.clock.monotonicMs() + BEGIN_MS_MAX
  const patience = { deadlineMs, signal, requestId: request.id }
  const lease = await MemberLease.begin(groups, member, hands, OPEN_FOR_MS, patience)
  if (token !== null) lease.positions.resume(token)
  const hold = groups.dataPath.reads.hold(member.tenantId)
  const outlet = { hold, signal, sent: () => passedOn(reply) }
  const stream = new MemberStream(groups, lease, optionsOf(query, type), outlet).run()
  // A fetch that is under way is waited for: its answer takes memory whoever has left.
  onAnswerEnd(reply, () => {
    lease.abandon()
    void stream.return().finally(() => hold.release())
  })
  // Whatever stands between us and the reader must pass records on as they come.
  const headers = { 'cache-control': 'no-store', 'x-accel-buffering': 'no' }
  return sendOpen(reply.code(200).type(type).headers(headers), Readable.from(stream, BYTES))
}

function optionsOf(query: StreamQueryValue, type: string): MemberStreamOptions {
  return {
    bounds: {
      maxRecords: query.maxRecords ?? STREAM_RECORDS_DEFAULT,
      maxBytes: limits.fetchBytesDefault,
      format: query.format ?? 'json',
    },
    layout: type === EVENTS_TYPE ? 'events' : 'lines',
    delivery: query.delivery ?? 'atLeastOnce',
    maxUnackedRecords: query.maxUnackedRecords ?? UNACKED_RECORDS_DEFAULT,
    maxUnackedBytes: query.maxUnackedBytes ?? UNACKED_BYTES_DEFAULT,
  }
}

function memberOf(request: FastifyRequest, query: StreamQueryValue): MemberRequest {
  const { principal } = request
  assert(principal?.kind === 'tenant', 'only a tenant comes this far')
  const { group, memberId } = request.params as { group: string; memberId: string }
  checkGroupName(group)
  checkMemberId(memberId, '{memberId}')
  const topics = (query.topics ?? '').split(',').filter((name) => name !== '')
  const pattern = query.topicPattern ?? ''
  if (topics.length === 0 && pattern === '') {
    throw problemAt('INVALID_ARGUMENT', '?topics', 'Name topics, or give a topicPattern.')
  }
  return {
    tenantId: principal.tenantId,
    principal: principal.keyId,
    group,
    memberId,
    subscription: { topics, pattern },
    assignor: Assignor.ASSIGNOR_UNSPECIFIED,
    sessionTimeoutMs: query.sessionTimeoutMs ?? limits.sessionTimeoutMsDefault,
    rebalanceTimeoutMs: query.rebalanceTimeoutMs ?? limits.rebalanceTimeoutMsDefault,
    autoOffsetReset: query.autoOffsetReset ?? 'earliest',
    clientAddress: request.socket.remoteAddress ?? '',
    clientSoftware: (request.headers['user-agent'] ?? '').slice(0, 128),
    requestId: request.id,
  }
}

/** What the browser or the client has seen last wins over where its URL says to begin. */
async function tokenOf(
  { tokens }: Groups,
  member: MemberRequest,
  { after }: StreamQueryValue,
  lastEventId: string | string[] | undefined,
): Promise<LeaseToken | null> {
  if (typeof lastEventId === 'string' && lastEventId !== '') {
    return tokenOfMember(tokens, member, lastEventId, 'Last-Event-ID')
  }
  return after === undefined ? null : tokenOfMember(tokens, member, after, '?after')
}
