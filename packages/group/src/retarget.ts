import type { Assignment, AssignmentProblem, AssignorName } from './assignors/assignor.ts'
import { range } from './assignors/range.ts'
import { uniform } from './assignors/uniform.ts'
import type { Topic } from './calls.ts'
import { GroupPartition, type GroupTopic } from './group-partition.ts'
import type { Member } from './member.ts'
import type { Ownership } from './ownership.ts'

const assignors = { uniform, range }

/** Aims every partition at whom the assignor chooses: once in a group epoch (reliability B13.3). */
export function retarget(
  members: readonly Member[],
  topics: Map<string, GroupTopic>,
  { assignor, ownership }: { readonly assignor: AssignorName; readonly ownership: Ownership },
): void {
  const wanted = wantedTopics(members)
  const groupTopics = wanted.map((topic) => grown(topics, topic))
  const order = [...members].sort((one, other) => (one.memberId < other.memberId ? -1 : 1))
  const targets =
    order.length === 0 ? [] : assignors[assignor](problemOf(order, wanted, groupTopics))
  apply(targets, { order, groupTopics, ownership })
  abandon(topics, new Set(groupTopics), ownership)
}

/** What the members subscribe to, in the order of names. */
export function wantedTopics(members: readonly Member[]): Topic[] {
  const resolved = new Set(members.map(({ subscription }) => subscription))
  const wanted = new Map<string, Topic>()
  for (const { topics } of resolved) for (const topic of topics) wanted.set(topic.topicId, topic)
  return [...wanted.values()].sort((one, other) => (one.name < other.name ? -1 : 1))
}

/** With as many partitions as the topic has now. */
export function grown(
  topics: Map<string, GroupTopic>,
  { topicId, name, partitions }: Topic,
): GroupTopic {
  const topic = topics.get(topicId) ?? { topicId, name, partitions: [] }
  topics.set(topicId, topic)
  while (topic.partitions.length < partitions) {
    topic.partitions.push(new GroupPartition(topic, topic.partitions.length))
  }
  return topic
}

/** Stays with its target, or, where that is gone, with its owner. */
function problemOf(
  order: readonly Member[],
  wanted: readonly Topic[],
  groupTopics: readonly GroupTopic[],
): AssignmentProblem {
  const topicIndex = new Map(wanted.map(({ topicId }, index) => [topicId, index]))
  const memberIndex = new Map(order.map((member, index) => [member, index]))
  const indexes = new Map<unknown, readonly number[]>()
  const subscriptions = order.map(({ subscription }) => {
    const known = indexes.get(subscription)
    const made = known ?? subscription.topics.map(({ topicId }) => topicIndex.get(topicId) ?? -1)
    indexes.set(subscription, made)
    return made
  })
  return {
    subscriptions,
    partitionCounts: groupTopics.map(({ partitions }) => partitions.length),
    current: groupTopics.map(({ partitions }) =>
      Int32Array.from(partitions, ({ owner, target }) => {
        const member = target ?? owner
        return member === null ? -1 : (memberIndex.get(member) ?? -1)
      }),
    ),
  }
}

function apply(
  targets: Assignment,
  {
    order,
    groupTopics,
    ownership,
  }: {
    readonly order: readonly Member[]
    readonly groupTopics: readonly GroupTopic[]
    readonly ownership: Ownership
  },
): void {
  groupTopics.forEach(({ partitions }, topic) => {
    const chosen = targets[topic]
    for (const partition of partitions) {
      ownership.aim(partition, order[chosen?.[partition.index] ?? -1] ?? null)
    }
  })
}

/** What nobody subscribes to any more is to have no owner, and is forgotten when it has none. */
function abandon(
  topics: Map<string, GroupTopic>,
  wanted: ReadonlySet<GroupTopic>,
  ownership: Ownership,
): void {
  for (const [topicId, topic] of topics) {
    if (wanted.has(topic)) continue
    for (const partition of topic.partitions) ownership.aim(partition, null)
    if (topic.partitions.every(({ owner }) => owner === null)) topics.delete(topicId)
  }
}
