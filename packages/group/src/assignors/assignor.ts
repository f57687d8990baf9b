/** As a group stores it. */
export type AssignorName = 'uniform' | 'range'

/** Members and topics are named by their index, so that ten thousand partitions stay cheap. */
export interface AssignmentProblem {
  /** In the order of member ids. For each, the indexes of its topics, ascending. */
  readonly subscriptions: readonly (readonly number[])[]
  /** In the order of topic names: partitions of each. */
  readonly partitionCounts: readonly number[]
  /** For each topic and partition: who was to have it, even if it no longer wants it; else -1. */
  readonly current: readonly Int32Array[]
}

/** For each topic and partition: who is to have it, -1 if nobody subscribes to the topic. */
export type Assignment = Int32Array[]

/** Pure and deterministic: the same problem has the same answer on every coordinator (B13.9). */
export type Assignor = (problem: AssignmentProblem) => Assignment

/** For each topic the members that subscribe to it, ascending. */
export function subscribersOf({ subscriptions, partitionCounts }: AssignmentProblem): number[][] {
  const subscribers: number[][] = partitionCounts.map(() => [])
  subscriptions.forEach((topics, member) => {
    for (const topic of topics) subscribers[topic]?.push(member)
  })
  return subscribers
}
