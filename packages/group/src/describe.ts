import type { AssignorName } from './assignors/assignor.ts'
import type { Now } from './calls.ts'
import type { GroupTopic } from './group-partition.ts'
import type { Incident, Incidents } from './incidents.ts'
import type { Member } from './member.ts'
import type { GroupRow } from './rows.ts'
import type { Subscription } from './subscription.ts'

/** `RECONCILING`: partitions are on their way between members. */
export type GroupState = 'EMPTY' | 'STABLE' | 'RECONCILING'

export interface GroupSummary {
  readonly name: string
  readonly state: GroupState
  readonly members: number
  readonly groupEpoch: number
  readonly assignor: AssignorName
}

export interface MemberDescription {
  readonly memberId: string
  readonly principal: string
  readonly memberEpoch: number
  readonly subscription: Subscription
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  readonly joinedAtMs: number
  readonly sessionEndsInMs: number
  readonly polling: boolean
  /** Owned, and of these to be released. */
  readonly partitions: number
  readonly partitionsToRelease: number
  readonly releaseWantedSinceMs: number | null
  readonly clientAddress: string
  readonly clientSoftware: string
  readonly lastPollAtMs: number
  readonly lastCommitAtMs: number | null
}

export interface PartitionDescription {
  readonly topicId: string
  readonly topic: string
  readonly partition: number
  readonly owner: string | null
  /** Who is to own it, if that is another. */
  readonly nextOwner: string | null
}

export interface GroupDescription extends GroupSummary {
  readonly createdAtMs: number
  readonly emptySinceMs: number | null
  /** In the order of their ids. */
  readonly memberList: readonly MemberDescription[]
  /** In the order of topic names and partitions. */
  readonly partitions: readonly PartitionDescription[]
  /** Newest last. */
  readonly incidents: readonly Incident[]
}

export function describeGroup(
  summary: GroupSummary,
  row: GroupRow,
  parts: {
    readonly members: ReadonlyMap<string, Member>
    readonly topics: ReadonlyMap<string, GroupTopic>
    readonly incidents: Incidents
  },
  now: Now,
): GroupDescription {
  const ids = [...parts.members.keys()].sort()
  const topics = [...parts.topics.values()].sort((one, other) => (one.name < other.name ? -1 : 1))
  return {
    ...summary,
    createdAtMs: row.createdAtMs,
    emptySinceMs: row.emptySinceMs,
    memberList: ids.flatMap((id) => {
      const member = parts.members.get(id)
      return member === undefined ? [] : [describeMember(member, summary.groupEpoch, now)]
    }),
    partitions: topics.flatMap(describePartitions),
    incidents: parts.incidents.since(now.wallMs),
  }
}

function describeMember(member: Member, groupEpoch: number, now: Now): MemberDescription {
  return {
    ...member.row,
    memberEpoch: member.heldEpoch ?? groupEpoch,
    sessionEndsInMs: Math.max(0, member.sessionEndsAtMs - now.monotonicMs),
    polling: member.openPoll !== null,
    partitions: member.owned.size,
    partitionsToRelease: member.owing.size,
    releaseWantedSinceMs: member.releaseWantedSince?.wallMs ?? null,
    lastPollAtMs: member.lastPollAtMs,
    lastCommitAtMs: member.lastCommitAtMs,
  }
}

function describePartitions({ topicId, name, partitions }: GroupTopic): PartitionDescription[] {
  return partitions.map(({ index, owner, target }) => ({
    topicId,
    topic: name,
    partition: index,
    owner: owner?.memberId ?? null,
    nextOwner: target === owner ? null : (target?.memberId ?? null),
  }))
}
