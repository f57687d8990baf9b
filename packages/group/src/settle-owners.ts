import type { CommitReleases, Now } from './calls.ts'
import type { GroupTopic } from './group-partition.ts'
import type { Member } from './member.ts'
import type { Ownership } from './ownership.ts'

/**
 * Moves ownership as far as it can go now: who has empty hands releases, and what is free goes to
 * whom it is for, if that has nothing to release itself (KIP-848's reconciliation, B13.4). A member
 * stays in its epoch while it has something to release; answers whose stored epoch changes by that.
 */
export function settleOwners(
  ownership: Ownership,
  epochs: { readonly before: number; readonly now: number },
  now: Now,
): Set<Member> {
  for (const member of ownership.touched)
    if (member.hands === 'empty') releaseAll(member, ownership)
  const rewritten = new Set<Member>()
  for (const member of ownership.touched) {
    if (holdEpoch(member, epochs.before, now)) rewritten.add(member)
    if (member.releaseWantedSince === now) ownership.asked.add(member)
  }
  for (const member of ownership.touched) {
    if (member.owing.size > 0) continue
    for (const partition of member.awaited) {
      if (partition.owner === null) ownership.grant(partition, epochs.now)
    }
  }
  ownership.touched.clear()
  return rewritten
}

/** Only what no poll after `upTo` was offered, if that is given. */
function releaseAll(member: Member, ownership: Ownership, upTo?: number): void {
  for (const partition of member.owing) {
    if (upTo === undefined || partition.offeredUpTo <= upTo) ownership.release(partition)
  }
  if (member.owing.size === 0) member.releaseWantedSince = null
}

/** What a commit says is not in work, of what is to move. */
export function releaseNamed(
  member: Member,
  ownership: Ownership,
  topics: ReadonlyMap<string, GroupTopic>,
  { upToPoll, partitions }: CommitReleases,
): void {
  releaseAll(member, ownership, upToPoll)
  for (const { topicId, partition } of partitions) {
    const named = topics.get(topicId)?.partitions[partition]
    if (named !== undefined && member.owing.has(named)) ownership.release(named)
  }
  if (member.owing.size === 0) member.releaseWantedSince = null
}

function holdEpoch(member: Member, epochBefore: number, now: Now): boolean {
  const heldBefore = member.heldEpoch
  if (member.owing.size === 0) {
    member.heldEpoch = null
    member.releaseWantedSince = null
  } else {
    member.heldEpoch ??= epochBefore
    member.releaseWantedSince ??= now
  }
  return member.heldEpoch !== heldBefore
}
