import { type Assignment, type AssignmentProblem, subscribersOf } from './assignor.ts'

/**
 * Members subscribe to different topics. Everyone keeps what it has and still wants; what is free
 * goes to the least loaded subscriber, topics with the fewest subscribers first; then partitions
 * move, one at a time, from a member to one with at least two fewer that wants the same topic.
 * When it ends no single move would make it more even: the best that Kafka's algorithm gives too.
 * It ends, for the sum of the squared loads falls with each move.
 */
export function uniformMixed(problem: AssignmentProblem): Assignment {
  const subscribers = subscribersOf(problem)
  const load = new Int32Array(problem.subscriptions.length)
  const owners = problem.current.map((row, topic) => kept(row, subscribers[topic] ?? [], load))
  const topics = Array.from(owners.keys()).filter((topic) => (subscribers[topic] ?? []).length > 0)
  const few = (topic: number) => subscribers[topic]?.length ?? 0
  topics.sort((one, other) => few(one) - few(other) || one - other)
  for (const topic of topics) fill(owners[topic], subscribers[topic], load)
  let hasMoved = true
  while (hasMoved) {
    hasMoved = false
    for (const topic of topics) {
      while (moveOne(owners[topic], subscribers[topic], load)) hasMoved = true
    }
  }
  return owners
}

function kept(row: Int32Array, subscribers: readonly number[], load: Int32Array): Int32Array {
  const wanting = new Set(subscribers)
  return row.map((member) => {
    if (!wanting.has(member)) return -1
    load[member] = (load[member] ?? 0) + 1
    return member
  })
}

function fill(
  owners: Int32Array = new Int32Array(),
  subscribers: readonly number[] = [],
  load: Int32Array,
) {
  for (let partition = 0; partition < owners.length; partition += 1) {
    if ((owners[partition] ?? 0) >= 0) continue
    const member = leastLoaded(subscribers, load)
    owners[partition] = member
    load[member] = (load[member] ?? 0) + 1
  }
}

/** The last partition of the most loaded owner goes to the least loaded subscriber. */
function moveOne(
  owners: Int32Array = new Int32Array(),
  subscribers: readonly number[] = [],
  load: Int32Array,
): boolean {
  const to = leastLoaded(subscribers, load)
  let most = -1
  for (let partition = 0; partition < owners.length; partition += 1) {
    if (most < 0 || loadOf(owners, partition, load) >= loadOf(owners, most, load)) most = partition
  }
  if (most < 0 || loadOf(owners, most, load) < (load[to] ?? 0) + 2) return false
  const from = owners[most] ?? 0
  load[from] = (load[from] ?? 0) - 1
  load[to] = (load[to] ?? 0) + 1
  owners[most] = to
  return true
}

function loadOf(owners: Int32Array, partition: number, load: Int32Array): number {
  return load[owners[partition] ?? 0] ?? 0
}

function leastLoaded(subscribers: readonly number[], load: Int32Array): number {
  let least = subscribers[0] ?? 0
  for (const member of subscribers) if ((load[member] ?? 0) < (load[least] ?? 0)) least = member
  return least
}
