/** The shapes of consumer groups as they travel. */
import { limits } from '@courant/kernel'
import { Type } from 'typebox'
import { ReadRecord } from '../records/record-schemas.ts'
import { CLOSED, nullable, Timestamp } from '../schemas.ts'

export const GroupParams = Type.Object({
  group: Type.String({ description: 'Name of the group: letters, digits, `.`, `_` and `-`.' }),
})

export const MemberParams = Type.Object({
  ...GroupParams.properties,
  memberId: Type.String({ description: 'The member, as its polls name it.' }),
})

export const GivenLeaseToken = Type.String({
  maxLength: limits.leaseTokenLengthMax,
  description: '`leaseToken` of an answer of this member.',
})

export const GivenMetadata = nullable(
  Type.String({
    maxLength: limits.commitMetadataLengthMax,
    description: 'Kept with the offsets, for people and programs to read.',
  }),
)

const OffsetReset = Type.Object(
  {
    topic: Type.String(),
    partition: Type.Integer(),
    reason: Type.Unsafe<'NO_COMMITTED_OFFSET' | 'DELETED' | 'TRUNCATED'>({
      type: 'string',
      enum: ['NO_COMMITTED_OFFSET', 'DELETED', 'TRUNCATED'],
      description:
        'There was no committed offset; the records there were deleted, by retention or by hand; ' +
        'or the log lost its end in an unclean election.',
    }),
    from: nullable(Type.Integer()),
    to: Type.Integer({ description: 'Where reading goes on.' }),
  },
  { $id: 'OffsetReset' },
)

const TopicPartitions = Type.Object(
  { topic: Type.String(), partitions: Type.Array(Type.Integer()) },
  { $id: 'TopicPartitions' },
)

export const LeaseExpiresAt = Type.Integer({
  ...Timestamp,
  description:
    'When the session ends unless the member polls, heartbeats or streams. By the clock of the ' +
    'gateway.',
})

/** A record as a member gets it. */
const GroupRecord = Type.Object(
  { topic: Type.String(), partition: Type.Integer(), ...ReadRecord.properties },
  { $id: 'GroupRecord' },
)

export const PollAnswer = Type.Object(
  {
    records: Type.Array(GroupRecord, {
      description: 'Within a partition in order. Of several partitions, in any.',
    }),
    leaseToken: Type.String({
      description: 'Names all that was handed out. Opaque; good for this member and API key only.',
    }),
    leaseExpiresAt: LeaseExpiresAt,
    assignment: Type.Array(TopicPartitions, { description: 'What the member reads.' }),
    revoked: Type.Array(TopicPartitions, {
      description: 'What it gives to others. Records of these are not handed out any more.',
    }),
    idleReason: Type.Optional(
      Type.String({
        description:
          'Why it has no partition: MORE_MEMBERS_THAN_PARTITIONS, WAITING_FOR_RELEASE (by their ' +
          'owners), or NO_MATCHING_TOPIC.',
      }),
    ),
    alreadyCommitted: Type.Optional(
      Type.Boolean({ description: 'All that `ack` names had been committed before.' }),
    ),
    resets: Type.Optional(
      Type.Array(OffsetReset, { description: 'Positions that were moved by `autoOffsetReset`.' }),
    ),
  },
  { $id: 'PollAnswer' },
)

const topics = Type.Array(Type.String({ minLength: 1, maxLength: limits.topicNameLengthMax }), {
  maxItems: limits.subscribedTopicsMax,
  description: 'Topics to read. One that does not exist is waited for.',
})

/** What a poll sends. */
export const PollBody = Type.Object(
  {
    memberId: Type.String({
      description:
        `Chosen by the client, 1–${limits.memberIdLengthMax} of \`[A-Za-z0-9._-]\`: one a process. ` +
        'A process that comes back within its session under the same id keeps its partitions.',
    }),
    topics: Type.Optional(nullable(topics)),
    topicPattern: Type.Optional(
      nullable(
        Type.String({
          maxLength: limits.subscriptionPatternLengthMax,
          description: 'RE2, matched against whole names: also topics that are created later.',
        }),
      ),
    ),
    ack: Type.Optional(
      nullable(
        Type.String({
          ...GivenLeaseToken,
          description: 'The last `leaseToken`: all that it names is committed. Goes on behind it.',
        }),
      ),
    ),
    after: Type.Optional(
      nullable(
        Type.String({
          ...GivenLeaseToken,
          description: 'Instead of `ack`: goes on behind the token and commits nothing.',
        }),
      ),
    ),
    metadata: Type.Optional(GivenMetadata),
    maxRecords: Type.Optional(
      nullable(
        Type.Integer({
          minimum: 1,
          maximum: limits.fetchRecordsMax,
          description: 'Records in the answer; 500 when absent.',
        }),
      ),
    ),
    maxBytes: Type.Optional(
      nullable(
        Type.Integer({
          minimum: 1,
          maximum: limits.fetchBytesMax,
          description:
            'Stored bytes to read for it; the first batch of records comes whole anyway. ' +
            `${limits.fetchBytesDefault} when absent.`,
        }),
      ),
    ),
    waitMs: Type.Optional(
      nullable(
        Type.Integer({
          minimum: 0,
          maximum: limits.waitMsMax,
          description: 'Wait so long for a first record; 0 when absent.',
        }),
      ),
    ),
    autoOffsetReset: Type.Optional(
      Type.Unsafe<'earliest' | 'latest' | 'none' | null>({
        type: ['string', 'null'],
        enum: ['earliest', 'latest', 'none', null],
        description:
          'Where to begin in a partition without a committed offset, or whose offset is no longer ' +
          'in the log; earliest when absent. `none` is 409 NO_COMMITTED_OFFSET.',
      }),
    ),
    sessionTimeoutMs: Type.Optional(
      nullable(
        Type.Integer({
          minimum: limits.sessionTimeoutMsMin,
          maximum: limits.sessionTimeoutMsMax,
          description:
            'How long the member may process before its next poll or heartbeat, from the answer ' +
            `on; ${limits.sessionTimeoutMsDefault} when absent.`,
        }),
      ),
    ),
    rebalanceTimeoutMs: Type.Optional(
      nullable(
        Type.Integer({
          minimum: limits.rebalanceTimeoutMsMin,
          maximum: limits.rebalanceTimeoutMsMax,
          description:
            'How long it may keep a partition that is to move, if it has handed out records of ' +
            `it; ${limits.rebalanceTimeoutMsDefault} when absent.`,
        }),
      ),
    ),
    assignor: Type.Optional(
      Type.Unsafe<'uniform' | 'range' | null>({
        type: ['string', 'null'],
        enum: ['uniform', 'range', null],
        description: 'How partitions are shared out: what the first member of the group says.',
      }),
    ),
    format: Type.Optional(
      Type.Unsafe<'json' | 'text' | 'base64' | null>({
        type: ['string', 'null'],
        enum: ['json', 'text', 'base64', null],
        description: 'How bytes are shown; json when absent.',
      }),
    ),
  },
  CLOSED,
)
