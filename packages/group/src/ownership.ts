import { assert } from '@courant/kernel'
import type { GroupPartition } from './group-partition.ts'
import type { Member } from './member.ts'

/**
 * The one place where owners and targets of partitions change. Keeps both sides in step, and
 * remembers which rows are to be written and who must hear of it.
 */
export class Ownership {
  /** Whose rows are to be written. */
  readonly changed = new Set<GroupPartition>()
  /** Who may have something to release or to get. */
  readonly touched = new Set<Member>()
  /** Who owns other partitions than before, or is to release others. */
  readonly affected = new Set<Member>()
  /** Who is to release something that it did not know of before the last transaction. */
  readonly asked = new Set<Member>()
  /** How many partitions have another target than owner. */
  moving = 0

  release(partition: GroupPartition): void {
    const { owner, target } = partition
    assert(owner !== null && owner !== target, 'only what is to move is released')
    this.#change(partition, () => {
      partition.owner = null
      partition.assignmentEpoch = 0
    })
    owner.owned.delete(partition)
    owner.owing.delete(partition)
    owner.lost.add(partition)
    this.#affect(owner)
    if (target !== null) this.touched.add(target)
  }

  grant(partition: GroupPartition, assignmentEpoch: number): void {
    const { target } = partition
    assert(partition.owner === null && target !== null, 'a partition has one owner at a time')
    assert(target.owing.size === 0, 'who has something to release gets nothing')
    this.#change(partition, () => {
      partition.owner = target
      partition.assignmentEpoch = assignmentEpoch
    })
    target.owned.add(partition)
    target.awaited.delete(partition)
    target.lost.delete(partition)
    this.#affect(target)
  }

  aim(partition: GroupPartition, target: Member | null): void {
    const { owner, target: before } = partition
    if (target === before) return
    this.#change(partition, () => {
      partition.target = target
    })
    before?.awaited.delete(partition)
    if (target !== null && target !== owner) {
      target.awaited.add(partition)
      this.touched.add(target)
    }
    if (owner === null) return
    if (owner !== target && !owner.owing.has(partition)) {
      owner.owing.add(partition)
      partition.offeredUpTo = owner.offeredUpTo
      this.#affect(owner)
    } else if (owner === target) {
      owner.owing.delete(partition)
      this.#affect(owner)
    }
  }

  /** There is no such partition any more. */
  drop(partition: GroupPartition): void {
    this.aim(partition, null)
    if (partition.owner !== null) this.release(partition)
  }

  /** As it was stored. */
  restore(
    partition: GroupPartition,
    stored: { owner: Member | null; assignmentEpoch: number; target: Member | null },
  ): void {
    partition.owner = stored.owner
    partition.assignmentEpoch = stored.assignmentEpoch
    partition.target = stored.target
    partition.hasRow = true
    if (stored.owner !== stored.target) this.moving += 1
    stored.owner?.owned.add(partition)
    if (stored.owner !== null && stored.owner !== stored.target) {
      stored.owner.owing.add(partition)
      partition.offeredUpTo = stored.owner.offeredUpTo
    }
    if (stored.target !== null && stored.owner !== stored.target) {
      stored.target.awaited.add(partition)
    }
  }

  #change(partition: GroupPartition, act: () => void): void {
    if (partition.owner !== partition.target) this.moving -= 1
    act()
    if (partition.owner !== partition.target) this.moving += 1
    this.changed.add(partition)
  }

  #affect(member: Member): void {
    this.touched.add(member)
    this.affected.add(member)
  }
}
