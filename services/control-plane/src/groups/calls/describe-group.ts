import {
  type DescribeGroupRequest,
  type DescribeGroupResponse,
  GroupIncidentKind,
  type GroupMember,
  type GroupPartition,
} from '@courant/api/internal/v1/group'
import type { GroupDescription, MemberDescription } from '@courant/group'
import { eq } from 'drizzle-orm'
import { groupOffset } from '../../schema/consumer-group.ts'
import { groupNotFound } from '../coordination/coordinated-group.ts'
import type { TopicCatalog } from '../coordination/topic-catalog.ts'
import type { GroupLag } from '../lag/lag-sample.ts'
import { checkGroup } from './check-names.ts'
import type { GroupLookCalls } from './group-calls.ts'
import { summaryWire } from './group-wire.ts'
import { trendWire } from './lag-wire.ts'

type OffsetRow = typeof groupOffset.$inferSelect

/** Throws GROUP_NOT_FOUND. */
export async function describeGroup(
  { cluster, coordinator, lag }: GroupLookCalls,
  request: DescribeGroupRequest,
): Promise<DescribeGroupResponse> {
  const { tenantId, group: name } = checkGroup(request.group)
  const group = await coordinator.groupOf(tenantId, name)
  return group.look(async (loaded, now) => {
    if (loaded === null) throw groupNotFound()
    const { groupId } = loaded.group
    const description = loaded.group.describe(now)
    const offsets = await cluster.database.tenant(tenantId, (transaction) =>
      transaction.select().from(groupOffset).where(eq(groupOffset.groupId, groupId)),
    )
    const { catalog } = coordinator
    const sampled = lag.of(tenantId, name)
    const { createdAtMs, emptySinceMs, memberList, incidents } = description
    return {
      group: summaryWire(description, sampled),
      createdAtMs,
      emptySinceMs: emptySinceMs ?? undefined,
      members: memberList.map(memberWire),
      partitions: partitionsWire(description, offsets, { tenantId, catalog, lag: sampled }),
      incidents: incidents.map(({ atMs, kind, memberId }) => ({
        atMs,
        kind: GroupIncidentKind[`GROUP_INCIDENT_KIND_${kind}`],
        memberId,
      })),
    }
  })
}

function memberWire(member: MemberDescription): GroupMember {
  const { topics, pattern } = member.subscription
  return {
    memberId: member.memberId,
    principal: member.principal,
    memberEpoch: member.memberEpoch,
    subscription: { topics: [...topics], pattern },
    sessionTimeoutMs: member.sessionTimeoutMs,
    rebalanceTimeoutMs: member.rebalanceTimeoutMs,
    joinedAtMs: Math.round(member.joinedAtMs),
    sessionEndsInMs: Math.round(member.sessionEndsInMs),
    polling: member.polling,
    partitions: member.partitions,
    partitionsToRelease: member.partitionsToRelease,
    releaseWantedSinceMs: member.releaseWantedSinceMs ?? undefined,
    clientAddress: member.clientAddress,
    clientSoftware: member.clientSoftware,
    lastPollAtMs: member.lastPollAtMs,
    lastCommitAtMs: member.lastCommitAtMs ?? undefined,
  }
}

/** What is subscribed to, and what has an offset though nobody subscribes to it any more. */
function partitionsWire(
  { partitions }: GroupDescription,
  offsets: readonly OffsetRow[],
  of: {
    readonly tenantId: string
    readonly catalog: TopicCatalog
    readonly lag: GroupLag | null
  },
): GroupPartition[] {
  const wire = new Map<string, GroupPartition>()
  for (const { topicId, topic, partition, owner, nextOwner } of partitions) {
    const owners = { owner: owner ?? '', nextOwner: nextOwner ?? '' }
    wire.set(`${topicId}/${partition}`, { ...without(topicId, topic, partition), ...owners })
  }
  for (const { topicId, partition, ...row } of offsets) {
    const topic = of.catalog.topicOf(of.tenantId, topicId)
    // It is being deleted at this moment.
    if (topic === undefined) continue
    const key = `${topicId}/${partition}`
    wire.set(key, {
      ...(wire.get(key) ?? without(topicId, topic.name, partition)),
      committedOffset: row.committedOffset,
      committedLeaderEpoch: row.leaderEpoch,
      metadata: row.metadata,
      committedAtMs: row.committedAt.getTime(),
    })
  }
  for (const [key, { points }] of of.lag?.positions ?? []) {
    const partition = wire.get(key)
    if (partition !== undefined) partition.lagTrend = trendWire(points)
  }
  return [...wire.values()].sort((one, other) => {
    if (one.topic === other.topic) return one.partition - other.partition
    return one.topic < other.topic ? -1 : 1
  })
}

function without(topicId: string, topic: string, partition: number): GroupPartition {
  const offset = { committedOffset: undefined, committedLeaderEpoch: -1, metadata: '' }
  return {
    topicId,
    topic,
    partition,
    owner: '',
    nextOwner: '',
    ...offset,
    committedAtMs: undefined,
    lagTrend: undefined,
  }
}
