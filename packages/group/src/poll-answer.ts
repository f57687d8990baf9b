import type { AssignedTopic, IdleReason, PollAnswer, TopicPartitions } from './calls.ts'
import { type GroupPartition, inOrder } from './group-partition.ts'
import type { Member } from './member.ts'

/** What a member hears; costs as much as it has partitions. */
export function pollAnswer(member: Member, pollNumber: number, memberEpoch: number): PollAnswer {
  return {
    pollNumber,
    memberEpoch,
    assignment: assignmentOf(member),
    revoked: byTopic(inOrder([...member.owing, ...member.lost])).map(({ of, partitions }) => ({
      ...of,
      partitions: partitions.map(({ index }) => index),
    })) satisfies TopicPartitions[],
    idleReason: idleReason(member),
  }
}

function assignmentOf(member: Member): AssignedTopic[] {
  return byTopic(inOrder(member.owned)).map(({ of, partitions }) => ({
    ...of,
    partitions: partitions.map(({ index, assignmentEpoch }) => ({
      partition: index,
      assignmentEpoch,
    })),
  }))
}

interface TopicRun {
  readonly of: { readonly topicId: string; readonly topic: string }
  readonly partitions: GroupPartition[]
}

function byTopic(ordered: readonly GroupPartition[]): TopicRun[] {
  const runs: TopicRun[] = []
  for (const partition of ordered) {
    const { topicId, name } = partition.topic
    const last = runs.at(-1)
    if (last?.of.topicId === topicId) last.partitions.push(partition)
    else runs.push({ of: { topicId, topic: name }, partitions: [partition] })
  }
  return runs
}

function idleReason({ owned, owing, awaited, subscription }: Member): IdleReason | null {
  if (owned.size > owing.size) return null
  if (subscription.topics.every(({ partitions }) => partitions === 0)) return 'NO_MATCHING_TOPIC'
  if (awaited.size > 0) return 'WAITING_FOR_RELEASE'
  return 'MORE_MEMBERS_THAN_PARTITIONS'
}
