import { limits } from '@courant/kernel'
import { type Static, Type } from 'typebox'
import { EVENTS_TYPE } from '../records/fetch.ts'
import { NDJSON_TYPE } from '../records/produce.ts'
import type { RouteDescription } from '../route.ts'
import { CLOSED } from '../schemas.ts'
import { samplePoll } from './group-samples.ts'
import { GivenLeaseToken, MemberParams, PollAnswer } from './group-schemas.ts'

export const STREAM_RECORDS_DEFAULT = 500
export const UNACKED_RECORDS_DEFAULT = 5_000
export const UNACKED_BYTES_DEFAULT = 8 * 1024 * 1024

const timeout = (minimum: number, maximum: number, description: string) =>
  Type.Optional(Type.Integer({ minimum, maximum, description }))

const StreamQuery = Type.Object(
  {
    topics: Type.Optional(
      Type.String({ maxLength: 8_192, description: 'Names of topics, separated by commas.' }),
    ),
    topicPattern: Type.Optional(
      Type.String({
        maxLength: limits.subscriptionPatternLengthMax,
        description: 'RE2, matched against whole names.',
      }),
    ),
    after: Type.Optional(
      Type.String({
        ...GivenLeaseToken,
        description: 'Where to resume, if Last-Event-ID does not.',
      }),
    ),
    maxRecords: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: limits.fetchRecordsMax,
        description: `Records with one token; ${STREAM_RECORDS_DEFAULT} when absent.`,
      }),
    ),
    maxUnackedRecords: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_000_000,
        description: `Delivery stops at so many; ${UNACKED_RECORDS_DEFAULT} when absent.`,
      }),
    ),
    maxUnackedBytes: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_073_741_824,
        description: `Or at so many bytes of text; ${UNACKED_BYTES_DEFAULT} when absent.`,
      }),
    ),
    delivery: Type.Optional(
      Type.Unsafe<'atLeastOnce' | 'atMostOnce'>({
        type: 'string',
        enum: ['atLeastOnce', 'atMostOnce'],
        description: 'atMostOnce commits before it sends; atLeastOnce, the default, never commits.',
      }),
    ),
    autoOffsetReset: Type.Optional(
      Type.Unsafe<'earliest' | 'latest' | 'none'>({
        type: 'string',
        enum: ['earliest', 'latest', 'none'],
        description: 'As of a poll.',
      }),
    ),
    sessionTimeoutMs: timeout(
      limits.sessionTimeoutMsMin,
      limits.sessionTimeoutMsMax,
      'How long the member may stay away after the stream; as of a poll.',
    ),
    rebalanceTimeoutMs: timeout(
      limits.rebalanceTimeoutMsMin,
      limits.rebalanceTimeoutMsMax,
      'As of a poll.',
    ),
    format: Type.Optional(
      Type.Unsafe<'json' | 'text' | 'base64'>({
        type: 'string',
        enum: ['json', 'text', 'base64'],
        description: 'How bytes are shown; json when absent.',
      }),
    ),
  },
  CLOSED,
)
export type StreamQueryValue = Static<typeof StreamQuery>

export const streamMember: RouteDescription = {
  method: 'GET',
  path: '/v1/groups/{group}/members/{memberId}/stream',
  operationId: 'streamMember',
  tag: 'Consumer groups',
  summary: 'Stream records to a member of a group',
  description:
    'Documents like the answers of a poll, one a line or one an event, each with the token of all ' +
    'that was sent so far: `id:` of an event is that token. To acknowledge, commit it, through any ' +
    'gateway. The stream hears of that within a quarter of a second, when it has sent as much as ' +
    'may be unacknowledged, or within three.\n\n' +
    '`Last-Event-ID` resumes behind a token and commits nothing. Without one the stream begins at ' +
    'the committed offsets. The open stream is the heartbeat. A new stream or poll of the member ' +
    'ends an older stream with POLL_SUPERSEDED.\n\n' +
    'Safe to repeat.',
  access: 'tenant',
  isolation: 'group',
  params: MemberParams,
  query: StreamQuery,
  responses: {
    200: {
      description: 'Until the caller leaves, or a problem ends it as its last line or event.',
      content: {
        [NDJSON_TYPE]: { schema: PollAnswer, example: samplePoll },
        [EVENTS_TYPE]: {
          schema: Type.String(),
          example: `id: ${samplePoll.leaseToken}\ndata: ${JSON.stringify(samplePoll)}\n\n`,
        },
      },
    },
  },
  errors: [
    'INVALID_LEASE_TOKEN',
    'LEASE_EXPIRED',
    'MEMBER_ID_IN_USE',
    'GROUP_FULL',
    'NOT_COORDINATOR',
    'TIMED_OUT',
  ],
}
