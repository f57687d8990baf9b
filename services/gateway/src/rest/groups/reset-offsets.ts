import type { TopicOffsets } from '@courant/api/internal/v1/group'
import { BusError, limits } from '@courant/kernel'
import { type Static, Type } from 'typebox'
import { describeGroupOf } from '../../groups/admin/describe-group.ts'
import { type ResetMove, type ResetTo, resetTargets } from '../../groups/admin/reset-targets.ts'
import type { Coordinators, GroupName, Patience } from '../../groups/coordinators/coordinators.ts'
import { problemAt } from '../../produce/record-problem.ts'
import { tenantRoute } from '../define-route.ts'
import { JSON_TYPE } from '../samples.ts'
import { CLOSED, nullable } from '../schemas.ts'
import { GroupParams } from './group-schemas.ts'

const KINDS = ['earliest', 'latest', 'timestamp', 'offset', 'shift', 'group'] as const

const Natural = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
const Body = Type.Object(
  {
    to: Type.Unsafe<(typeof KINDS)[number]>({ type: 'string', enum: KINDS }),
    timestamp: Type.Optional(
      nullable(
        Type.Integer({
          ...Natural,
          description: 'With `timestamp`: the first record that is as young.',
        }),
      ),
    ),
    offset: Type.Optional(nullable(Type.Integer({ ...Natural, description: 'With `offset`.' }))),
    shiftBy: Type.Optional(
      nullable(
        Type.Integer({
          minimum: -Number.MAX_SAFE_INTEGER,
          maximum: Number.MAX_SAFE_INTEGER,
          description: 'With `shift`: records forwards, or backwards if negative.',
        }),
      ),
    ),
    fromGroup: Type.Optional(
      nullable(Type.String({ description: 'With `group`: the group whose offsets are taken.' })),
    ),
    topic: Type.Optional(nullable(Type.String({ description: 'Only of this topic.' }))),
    partitions: Type.Optional(
      nullable(Type.Array(Natural, { description: 'Only these of the topic.' })),
    ),
    dryRun: Type.Optional(
      nullable(Type.Boolean({ description: 'Only say what would be moved where.' })),
    ),
    fenceMembers: Type.Optional(
      nullable(
        Type.Boolean({
          description:
            'Remove the members first; what they still hold can no longer be committed. They join ' +
            'anew with their next polls.',
        }),
      ),
    ),
  },
  CLOSED,
)
type BodyValue = Static<typeof Body>

const Answer = Type.Object({
  dryRun: Type.Boolean(),
  membersFenced: Type.Integer(),
  partitions: Type.Array(
    Type.Object({
      topic: Type.String(),
      partition: Type.Integer(),
      from: nullable(Type.Integer({ description: 'Null: nothing was committed.' })),
      to: Type.Integer({ description: 'Never outside the log.' }),
    }),
  ),
})

export const resetGroupOffsets = tenantRoute({
  method: 'POST',
  path: '/v1/groups/{group}/offsets/reset',
  operationId: 'resetGroupOffsets',
  tag: 'Consumer groups',
  summary: 'Move the committed offsets of a group',
  description:
    'Of every partition that the group has an offset of or subscribes to, or of some. Only while it ' +
    'has no members, unless these are to be fenced.\n\n' +
    'Safe to repeat, save for `shift`, which moves again.',
  isolation: 'group',
  params: GroupParams,
  body: { [JSON_TYPE]: { schema: Body, example: { to: 'earliest', dryRun: true } } },
  responses: {
    200: {
      description: 'What was moved, or would be.',
      content: {
        [JSON_TYPE]: {
          schema: Answer,
          example: {
            dryRun: true,
            membersFenced: 0,
            partitions: [{ topic: 'orders', partition: 0, from: 41_198, to: 0 }],
          },
        },
      },
    },
  },
  errors: [
    'GROUP_NOT_FOUND',
    'GROUP_NOT_EMPTY',
    'NO_COMMITTED_OFFSET',
    'NOT_COORDINATOR',
    'NOT_LEADER',
    'BROKER_UNAVAILABLE',
    'STORAGE_OFFLINE',
    'TIMED_OUT',
  ],

  async handle({ groups, clock }, { params, body, requestId, signal }, { tenantId }) {
    const { coordinators, dataPath } = groups
    const name = { tenantId, group: params.group }
    const deadlineMs = clock.monotonicMs() + limits.controlPlaneTimeoutMs
    const patience = { deadlineMs, requestId, signal }
    const { partitions, members } = await describeGroupOf(coordinators, name, patience)
    const isDryRun = body.dryRun === true
    if (members.length > 0 && body.fenceMembers !== true && !isDryRun) throw notEmpty()
    const wanted = partitions.filter(
      ({ topic, partition }) =>
        topic === (body.topic ?? topic) && (body.partitions ?? [partition]).includes(partition),
    )
    const to = await resetTo(coordinators, tenantId, body, patience)
    const moves = await resetTargets(dataPath.reader, wanted, to, signal)
    const membersFenced =
      isDryRun || moves.length === 0
        ? 0
        : await setOffsets(coordinators, name, moves, body.fenceMembers === true, patience)
    return {
      status: 200,
      body: {
        dryRun: isDryRun,
        membersFenced,
        partitions: moves.map(({ topic, partition, from, to: moved }) => ({
          topic,
          partition,
          from,
          to: moved,
        })),
      },
    }
  },
})

async function resetTo(
  coordinators: Coordinators,
  tenantId: string,
  body: BodyValue,
  patience: Patience,
): Promise<ResetTo> {
  switch (body.to) {
    case 'timestamp':
      return { kind: 'timestamp', timestamp: needed(body.timestamp, '/timestamp') }
    case 'offset':
      return { kind: 'offset', offset: needed(body.offset, '/offset') }
    case 'shift':
      return { kind: 'shift', by: needed(body.shiftBy, '/shiftBy') }
    case 'group': {
      const other = { tenantId, group: needed(body.fromGroup, '/fromGroup') }
      const { partitions } = await describeGroupOf(coordinators, other, patience)
      const offsets = partitions.flatMap(({ topicId, partition, committedOffset }) =>
        committedOffset === undefined
          ? []
          : [[`${topicId}/${partition}`, committedOffset] as const],
      )
      return { kind: 'group', offsets: new Map(offsets) }
    }
    default:
      return { kind: body.to }
  }
}

function needed<Value>(value: Value | null | undefined, pointer: string): Value {
  if (value !== null && value !== undefined) return value
  throw problemAt('INVALID_ARGUMENT', pointer, 'This is required for what "to" says.')
}

async function setOffsets(
  coordinators: Coordinators,
  group: GroupName,
  moves: readonly ResetMove[],
  fencesMembers: boolean,
  patience: Patience,
): Promise<number> {
  const topics = new Map<string, TopicOffsets>()
  for (const { topicId, partition, to } of moves) {
    const topic = topics.get(topicId) ?? { topicId, partitions: [] }
    topics.set(topicId, topic)
    topic.partitions.push({ partition, offset: to, leaderEpoch: -1, metadata: '' })
  }
  const request = { group, topics: [...topics.values()], fencesMembers }
  const method = 'setGroupOffsets' as const
  const answer = await coordinators.call(group, (c) => c[method].bind(c), request, patience)
  return answer.membersFenced
}

function notEmpty(): BusError {
  const detail = 'The group has members: stop them, or say fenceMembers to remove them.'
  return new BusError('GROUP_NOT_EMPTY', detail)
}
