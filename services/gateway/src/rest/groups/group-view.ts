/** Groups as callers see them. */
import {
  Assignor,
  type DescribeGroupResponse,
  type GroupMember,
  type GroupPartition,
  GroupState,
  type GroupSummary as WireSummary,
} from '@courant/api/internal/v1/group'
import { Type } from 'typebox'
import { incidentName } from '../../groups/incident-name.ts'
import type { Lag } from '../../groups/lag/partition-lag.ts'
import { nullable, Timestamp } from '../schemas.ts'
import { LagTrend, lagTrendView, sampleTrend } from './lag-trend-view.ts'

type StateName = 'EMPTY' | 'STABLE' | 'RECONCILING'

const summaryFields = {
  group: Type.String(),
  state: Type.Unsafe<StateName>({
    type: 'string',
    enum: ['EMPTY', 'STABLE', 'RECONCILING'],
    description: 'RECONCILING while partitions are on their way between members.',
  }),
  members: Type.Integer({ description: 'How many.' }),
  groupEpoch: Type.Integer({ description: 'Grows with every change of who is to own what.' }),
  assignor: Type.Unsafe<'uniform' | 'range'>({ type: 'string', enum: ['uniform', 'range'] }),
}

export const GroupSummary = Type.Object(
  {
    ...summaryFields,
    lagRecords: nullable(
      Type.Integer({ description: 'Of the last sample, some seconds ago. Null: none yet.' }),
    ),
    lagMs: nullable(
      Type.Integer({ description: 'At least that, if older than what was sampled so far.' }),
    ),
    lagTrend: nullable(LagTrend),
  },
  { $id: 'GroupSummary' },
)

const Member = Type.Object(
  {
    memberId: Type.String(),
    principal: Type.String({ description: 'Id of the API key that it polls with.' }),
    memberEpoch: Type.Integer(),
    topics: Type.Array(Type.String()),
    topicPattern: nullable(Type.String()),
    polling: Type.Boolean({ description: 'A poll or a stream is open.' }),
    sessionTimeoutMs: Type.Integer(),
    sessionEndsInMs: Type.Integer(),
    rebalanceTimeoutMs: Type.Integer(),
    partitions: Type.Integer({ description: 'How many it owns.' }),
    partitionsToRelease: Type.Integer({ description: 'Of these, what is to move to others.' }),
    releaseWantedSince: nullable(Timestamp),
    joinedAt: Timestamp,
    lastPollAt: Timestamp,
    lastCommitAt: nullable(Timestamp),
    clientAddress: Type.String(),
    clientSoftware: Type.String(),
  },
  { $id: 'GroupMember' },
)

const Partition = Type.Object(
  {
    topic: Type.String(),
    partition: Type.Integer(),
    owner: nullable(Type.String({ description: 'A member.' })),
    nextOwner: nullable(Type.String({ description: 'Who gets it when its owner releases it.' })),
    committedOffset: nullable(Type.Integer()),
    committedLeaderEpoch: nullable(Type.Integer()),
    committedAt: nullable(Timestamp),
    metadata: Type.String(),
    logStartOffset: nullable(Type.Integer()),
    logEndOffset: nullable(
      Type.Integer({ description: 'Of what consumers may see. Null: its leader does not answer.' }),
    ),
    lagRecords: nullable(Type.Integer({ description: 'From the committed offset to the end.' })),
    lagMs: nullable(
      Type.Integer({ description: 'Age of the oldest record that is not committed.' }),
    ),
    lagTrend: nullable(LagTrend),
  },
  { $id: 'GroupPartition' },
)

const Incident = Type.Object(
  { at: Timestamp, kind: Type.String(), memberId: Type.String() },
  { $id: 'GroupIncident' },
)

export const GroupDescription = Type.Object(
  {
    group: summaryFields.group,
    state: summaryFields.state,
    groupEpoch: summaryFields.groupEpoch,
    assignor: summaryFields.assignor,
    createdAt: Timestamp,
    emptySince: nullable(Timestamp),
    lagRecords: nullable(Type.Integer({ description: 'Of all partitions that are known.' })),
    lagMs: nullable(Type.Integer({ description: 'Of the partition that is furthest behind.' })),
    lagTrend: nullable(LagTrend),
    members: Type.Array(Member),
    partitions: Type.Array(Partition),
    incidents: Type.Array(Incident, { description: 'Of the last hour, newest last.' }),
  },
  { $id: 'Group' },
)

const STATES: Readonly<Record<number, StateName>> = {
  [GroupState.GROUP_STATE_EMPTY]: 'EMPTY',
  [GroupState.GROUP_STATE_STABLE]: 'STABLE',
  [GroupState.GROUP_STATE_RECONCILING]: 'RECONCILING',
}

export function groupSummary(summary: WireSummary) {
  const { group, state, members, groupEpoch, assignor, lag } = summary
  return {
    group,
    state: STATES[state] ?? 'EMPTY',
    members,
    groupEpoch,
    assignor: assignor === Assignor.ASSIGNOR_RANGE ? 'range' : 'uniform',
    lagRecords: lag?.records ?? null,
    lagMs: lag?.ageMs ?? null,
    lagTrend: lagTrendView(lag?.trend),
  }
}

/** `lags` in the order of the partitions. */
export function groupView(described: DescribeGroupResponse, lags: readonly Lag[]) {
  const { members, partitions, incidents, createdAtMs, emptySinceMs } = described
  const { members: _count, ...summary } = groupSummary(
    described.group ?? {
      group: '',
      state: 0,
      members: 0,
      groupEpoch: 0,
      assignor: 0,
      lag: undefined,
    },
  )
  return {
    ...summary,
    createdAt: createdAtMs,
    emptySince: emptySinceMs ?? null,
    lagRecords: total(lags.map(({ lagRecords }) => lagRecords)),
    lagMs: greatest(lags.map(({ lagMs }) => lagMs)),
    members: members.map(memberView),
    partitions: partitions.map((partition, index) => partitionView(partition, lags[index])),
    incidents: incidents.map(({ atMs, kind, memberId }) => ({
      at: atMs,
      kind: incidentName(kind),
      memberId,
    })),
  }
}

function memberView(member: GroupMember) {
  const { subscription, joinedAtMs, lastPollAtMs, lastCommitAtMs, releaseWantedSinceMs } = member
  const { memberId, principal, memberEpoch, polling, sessionTimeoutMs, sessionEndsInMs } = member
  const { rebalanceTimeoutMs, partitions, partitionsToRelease } = member
  const pattern = subscription?.pattern ?? ''
  return {
    memberId,
    principal,
    memberEpoch,
    topics: subscription?.topics ?? [],
    topicPattern: pattern === '' ? null : pattern,
    polling,
    sessionTimeoutMs,
    sessionEndsInMs,
    rebalanceTimeoutMs,
    partitions,
    partitionsToRelease,
    releaseWantedSince: releaseWantedSinceMs ?? null,
    joinedAt: joinedAtMs,
    lastPollAt: lastPollAtMs,
    lastCommitAt: lastCommitAtMs ?? null,
    clientAddress: member.clientAddress,
    clientSoftware: member.clientSoftware,
  }
}

function partitionView(of: GroupPartition, lag: Lag | undefined) {
  const { topic, partition, owner, nextOwner, committedOffset, committedLeaderEpoch } = of
  const isCommitted = committedOffset !== undefined
  return {
    topic,
    partition,
    owner: owner === '' ? null : owner,
    nextOwner: nextOwner === '' ? null : nextOwner,
    committedOffset: committedOffset ?? null,
    committedLeaderEpoch: isCommitted ? committedLeaderEpoch : null,
    committedAt: of.committedAtMs ?? null,
    metadata: of.metadata,
    logStartOffset: lag?.logStartOffset ?? null,
    logEndOffset: lag?.logEndOffset ?? null,
    lagRecords: lag?.lagRecords ?? null,
    lagMs: lag?.lagMs ?? null,
    lagTrend: lagTrendView(of.lagTrend),
  }
}

function total(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null)
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0)
}

function greatest(values: readonly (number | null)[]): number | null {
  return values.reduce<number | null>(
    (most, value) => (value === null ? most : Math.max(most ?? 0, value)),
    null,
  )
}

export const sampleSummary = {
  group: 'billing',
  state: 'STABLE',
  members: 2,
  groupEpoch: 4,
  assignor: 'uniform',
  lagRecords: 12,
  lagMs: 840,
  lagTrend: sampleTrend,
}
