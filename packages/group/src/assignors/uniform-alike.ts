import type { Assignment, AssignmentProblem } from './assignor.ts'

/**
 * Every member subscribes to the same topics: numbers of partitions differ by at most one, and no
 * more partitions move than that takes. Who has the most may keep the one that is left over.
 */
export function uniformAlike({
  subscriptions,
  partitionCounts,
  current,
}: AssignmentProblem): Assignment {
  const owners = partitionCounts.map((count) => new Int32Array(count).fill(-1))
  const topics = subscriptions[0] ?? []
  const room = quotas(counts(topics, current, subscriptions.length), total(topics, partitionCounts))
  for (const topic of topics) keepCurrent(owners[topic], current[topic], room)
  dealOut(topics, owners, room)
  return owners
}

function counts(
  topics: readonly number[],
  current: readonly Int32Array[],
  members: number,
): Int32Array {
  const counted = new Int32Array(members)
  for (const topic of topics) {
    for (const member of current[topic] ?? []) {
      if (member >= 0) counted[member] = (counted[member] ?? 0) + 1
    }
  }
  return counted
}

function total(topics: readonly number[], partitionCounts: readonly number[]): number {
  return topics.reduce((sum, topic) => sum + (partitionCounts[topic] ?? 0), 0)
}

/** How many each may have: the larger numbers go to those that have the most already. */
function quotas(counted: Int32Array, partitions: number): Int32Array {
  const least = Math.floor(partitions / counted.length)
  const larger = partitions % counted.length
  const members = Array.from(counted.keys())
  members.sort((one, other) => (counted[other] ?? 0) - (counted[one] ?? 0) || one - other)
  const room = new Int32Array(counted.length).fill(least)
  for (const member of members.slice(0, larger)) room[member] = least + 1
  return room
}

function keepCurrent(
  owners: Int32Array | undefined,
  current: Int32Array | undefined,
  room: Int32Array,
): void {
  if (owners === undefined || current === undefined) return
  for (let partition = 0; partition < owners.length; partition += 1) {
    const member = current[partition] ?? -1
    const left = member < 0 ? 0 : (room[member] ?? 0)
    if (left === 0) continue
    owners[partition] = member
    room[member] = left - 1
  }
}

/** In turn, so that a new group's members get some of every topic. */
function dealOut(topics: readonly number[], owners: Assignment, room: Int32Array): void {
  let next = 0
  for (const topic of topics) {
    const partitions = owners[topic] ?? new Int32Array()
    for (let partition = 0; partition < partitions.length; partition += 1) {
      if ((partitions[partition] ?? 0) >= 0) continue
      while ((room[next] ?? 0) === 0) next = (next + 1) % room.length
      partitions[partition] = next
      room[next] = (room[next] ?? 0) - 1
      next = (next + 1) % room.length
    }
  }
}
