import { type Assignment, type AssignmentProblem, subscribersOf } from './assignor.ts'

/**
 * Kafka's range: each topic is cut into runs of partitions, one for each subscriber in the order of
 * member ids, the first ones longer by one. Topics with as many partitions and the same subscribers
 * are cut alike, so that a member gets the same partitions of each: joins need that. It is not
 * sticky, and with many topics of few partitions the first members have the most.
 */
export function range(problem: AssignmentProblem): Assignment {
  const subscribers = subscribersOf(problem)
  return problem.partitionCounts.map((count, topic) => cut(count, subscribers[topic] ?? []))
}

function cut(count: number, members: readonly number[]): Int32Array {
  const owners = new Int32Array(count).fill(-1)
  const least = Math.floor(count / members.length)
  let partition = 0
  members.forEach((member, index) => {
    const end = partition + least + (index < count % members.length ? 1 : 0)
    owners.fill(member, partition, end)
    partition = end
  })
  return owners
}
