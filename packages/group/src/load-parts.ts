import { assert } from '@courant/kernel'
import type { Now } from './calls.ts'
import { GroupPartition, type GroupTopic } from './group-partition.ts'
import { Member } from './member.ts'
import type { Ownership } from './ownership.ts'
import type { PollNumbers } from './poll-numbers.ts'
import { grown, wantedTopics } from './retarget.ts'
import type { PartitionRow, StoredGroup } from './rows.ts'
import type { Subscriptions } from './subscriptions.ts'

export interface LoadedParts {
  readonly members: readonly Member[]
  readonly topics: Iterable<GroupTopic>
  /** Topics have changed while nobody coordinated the group: it needs a new target. */
  readonly isOutdated: boolean
}

/** Members, owners and targets from their rows. */
export function loadParts(
  stored: StoredGroup,
  parts: { readonly subscriptions: Subscriptions; readonly ownership: Ownership },
  { pollNumbers, now }: { readonly pollNumbers: PollNumbers; readonly now: Now },
): LoadedParts {
  const members = new Map(
    stored.members.map((row) => {
      const subscription = parts.subscriptions.resolve(row.subscription)
      const start = { now, offeredUpTo: pollNumbers.last }
      return [row.memberId, new Member(row, subscription, start)]
    }),
  )
  const topics = new Map<string, GroupTopic>()
  let isOutdated = false
  for (const row of stored.partitions) {
    const partition = partitionOf(row, topics, parts.subscriptions)
    if (partition === null) {
      isOutdated = true
      forget(row, parts.ownership)
    } else {
      const { assignmentEpoch } = row
      const [owner, target] = [memberOf(row.owner, members), memberOf(row.target, members)]
      parts.ownership.restore(partition, { owner, assignmentEpoch, target })
    }
  }
  const all = [...members.values()]
  for (const member of all) {
    if (member.owing.size > 0) member.releaseWantedSince = now
    if (member.heldEpoch !== null) parts.ownership.touched.add(member)
  }
  return { members: all, topics: topics.values(), isOutdated: isOutdated || isOld(all, topics) }
}

function partitionOf(
  { topicId, partition }: PartitionRow,
  topics: Map<string, GroupTopic>,
  { topics: catalog }: Subscriptions,
): GroupPartition | null {
  const topic = catalog.get(topicId)
  return topic === undefined ? null : (grown(topics, topic).partitions[partition] ?? null)
}

/** The row of a partition that there is no more is to be deleted. */
function forget({ topicId, partition }: PartitionRow, ownership: Ownership): void {
  const gone = new GroupPartition({ topicId, name: '', partitions: [] }, partition)
  gone.hasRow = true
  ownership.changed.add(gone)
}

function memberOf(memberId: string | null, members: ReadonlyMap<string, Member>): Member | null {
  if (memberId === null) return null
  const member = members.get(memberId)
  assert(member !== undefined, 'a partition is stored with a member that is not')
  return member
}

/** Every partition that somebody subscribes to has a target, and no other has. */
function isOld(members: readonly Member[], topics: ReadonlyMap<string, GroupTopic>): boolean {
  const wanted = wantedTopics(members)
  const hasUntargeted = wanted.some(({ topicId, partitions }) => {
    const targeted = topics.get(topicId)?.partitions.filter(({ target }) => target !== null) ?? []
    return targeted.length !== partitions
  })
  const wantedIds = new Set(wanted.map(({ topicId }) => topicId))
  const hasUnwanted = [...topics.values()].some(
    ({ topicId, partitions }) =>
      !wantedIds.has(topicId) && partitions.some(({ target }) => target !== null),
  )
  return hasUntargeted || hasUnwanted
}
