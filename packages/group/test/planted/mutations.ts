/** A bug that the model must find: an exact piece of a source file, and what stands there then. */
export interface Mutation {
  readonly name: string
  readonly file: string
  readonly find: string
  readonly replace: string
}

export const mutations: readonly Mutation[] = [
  {
    name: 'give a partition to its target before its owner has released it (B13.4)',
    file: 'settle-owners.ts',
    find: '      if (partition.owner === null) ownership.grant(partition, epochs.now)',
    replace:
      '      if (partition.owner !== null) ownership.release(partition)\n      ownership.grant(partition, epochs.now)',
  },
  {
    name: 'give partitions to a member that has something to release (B13.3)',
    file: 'settle-owners.ts',
    find: '    if (member.owing.size > 0) continue\n',
    replace: '',
  },
  {
    name: 'accept the late commit of a member that has lost the partition and has it again (bug 37)',
    file: 'group.ts',
    find: ' || found.assignmentEpoch > commit.memberEpoch',
    replace: '',
  },
  {
    name: 'accept the commit of who is not the owner (bug 37)',
    file: 'group.ts',
    find: 'found?.owner !== member || ',
    replace: 'found === undefined || ',
  },
  {
    name: 'refuse commits of an epoch before the newest (bug 37)',
    file: 'group.ts',
    find: 'member.joinEpoch <= memberEpoch && memberEpoch <= this.#epochOf(member)',
    replace: 'memberEpoch === this.#epochOf(member)',
  },
  {
    name: 'release with a late commit what a newer poll was offered',
    file: 'settle-owners.ts',
    find: 'upTo === undefined || partition.offeredUpTo <= upTo',
    replace: 'true',
  },
  {
    name: 'forget at a takeover that older polls may be in work',
    file: 'load-parts.ts',
    find: 'offeredUpTo: pollNumbers.last',
    replace: 'offeredUpTo: 0',
  },
  {
    name: 'take the hands of a poll that keeps for empty',
    file: 'group.ts',
    find: "member.hands = poll.keepsPartitions ? 'full' : 'empty'",
    replace: "member.hands = 'empty'",
  },
  {
    name: 'believe that hands stay empty when a poll begins',
    file: 'group.ts',
    find: "    for (const { member } of this.#begun) member.hands = 'full'\n",
    replace: '',
  },
  {
    name: 'release whatever a member owns',
    file: 'settle-owners.ts',
    find: '  for (const partition of member.owing) {',
    replace:
      '  for (const partition of member.owned) {\n    if (!member.owing.has(partition)) ownership.aim(partition, null)',
  },
  {
    name: 'renew the epoch of what stays with its owner',
    file: 'settle-owners.ts',
    find: '    if (member.owing.size > 0) continue\n',
    replace:
      '    if (member.owing.size > 0) continue\n    for (const partition of member.owned) {\n      partition.assignmentEpoch = epochs.now\n      ownership.changed.add(partition)\n    }\n',
  },
  {
    name: 'change the target and keep the group epoch',
    file: 'group.ts',
    find: 'groupEpoch: this.#row.groupEpoch + 1, emptySinceMs',
    replace: 'groupEpoch: Math.max(1, this.#row.groupEpoch), emptySinceMs',
  },
  {
    name: 'tell no open poll what has changed',
    file: 'group.ts',
    find: "this.#events.tell(member, 'ASSIGNMENT_CHANGED')",
    replace: 'continue',
  },
  {
    name: 'tell an open poll nothing of a commit that may have emptied its hands',
    file: 'group.ts',
    find: '    if (member.owing.size > 0) this.#ownership.affected.add(member)\n',
    replace: '',
  },
  {
    name: 'keep the partitions of a member that is gone',
    file: 'group.ts',
    find: '      if (partition.owner === member) this.#ownership.release(partition)\n',
    replace: '',
  },
  {
    name: 'end a session while its poll is open',
    file: 'group.ts',
    find: 'now.monotonicMs + openForMs + member.sessionTimeoutMs',
    replace: 'now.monotonicMs + member.sessionTimeoutMs',
  },
  {
    name: 'let a session run from the beginning of a poll',
    file: 'group.ts',
    find: '    this.#extend(member, now, 0)\n',
    replace: '',
  },
  {
    name: 'let the end of an older poll count',
    file: 'group.ts',
    find: '    if (member?.openPoll?.number !== pollNumber) return\n',
    replace: '    if (member === undefined) return\n',
  },
  {
    name: 'let a principal use the member of another',
    file: 'group.ts',
    find: 'member !== undefined && member.principal !== who.principal',
    replace: 'false',
  },
  {
    name: 'keep the rows of a deleted topic',
    file: 'change-log.ts',
    find: 'else if (hasRow) partitionsRemoved',
    replace: 'else if (row.topicId === "") partitionsRemoved',
  },
  {
    name: 'see no change of the topics at a takeover',
    file: 'load-parts.ts',
    find: 'isOutdated: isOutdated || isOld(all, topics)',
    replace: 'isOutdated: false',
  },
  {
    name: 'number polls anew in a later epoch',
    file: 'poll-numbers.ts',
    find: 'this.last = shardEpoch * POLLS_PER_EPOCH',
    replace: 'this.last = 0',
  },
]
