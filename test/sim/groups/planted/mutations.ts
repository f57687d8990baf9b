import type { PlantedText } from '@courant/testkit/planted-copy'

/** A bug that the simulation of groups must find. */
export interface Mutation extends PlantedText {
  readonly name: string
  /** What it breaks: a rule of the design, or a row of its list of bugs to avoid. */
  readonly rule: string
  /** Has found it before, and is tried first. */
  readonly seed: number
  /** Kinds of faults that bring it to light; all for none. */
  readonly only: readonly string[]
}

const LATE = [
  'a commit is late',
  'crash a member',
  'a member leaves',
  'two processes use one member id',
]
const MOVES = ['crash a member', 'a member leaves', 'pause a member', 'answers get lost']
const TAKEOVERS = ['stop a control plane in order', 'a member leaves']
const LOST = [
  'answers to COMMIT get lost',
  'the database is away',
  'a member leaves',
  'crash a member',
]

const GROUP = 'packages/group/src'
const COORDINATION = 'services/control-plane/src/groups/coordination'
const LEASES = 'services/control-plane/src/groups/leases'
const POLL = 'services/gateway/src/groups/poll'

export const mutations: readonly Mutation[] = [
  {
    name: 'give a partition to its target before its owner has released it',
    rule: 'B13.4',
    seed: 1,
    only: MOVES,
    file: `${GROUP}/settle-owners.ts`,
    find: '      if (partition.owner === null) ownership.grant(partition, epochs.now)',
    replace:
      '      if (partition.owner !== null) ownership.release(partition)\n      ownership.grant(partition, epochs.now)',
  },
  {
    name: 'accept the late commit of a member that has lost the partition and has it again',
    rule: 'bug 37',
    seed: 1,
    only: LATE,
    file: `${GROUP}/group.ts`,
    find: ' || found.assignmentEpoch > commit.memberEpoch',
    replace: '',
  },
  {
    name: 'accept a commit whoever the owner is',
    rule: 'bug 37',
    seed: 1,
    only: LATE,
    file: `${GROUP}/group.ts`,
    find: 'found?.owner !== member || found.assignmentEpoch > commit.memberEpoch',
    replace: 'found === undefined',
  },
  {
    name: 'take the hands of a poll that keeps for empty',
    rule: 'B13.4',
    seed: 1,
    only: MOVES,
    file: `${GROUP}/group.ts`,
    find: "member.hands = poll.keepsPartitions ? 'full' : 'empty'",
    replace: "member.hands = 'empty'",
  },
  {
    name: 'forget at a takeover that older polls may be in work',
    rule: 'ADR 11',
    seed: 100,
    only: TAKEOVERS,
    file: `${GROUP}/load-parts.ts`,
    find: 'offeredUpTo: pollNumbers.last',
    replace: 'offeredUpTo: 0',
  },
  {
    name: 'end a session while its poll is open',
    rule: 'http-api',
    seed: 1,
    only: MOVES,
    file: `${GROUP}/group.ts`,
    find: 'now.monotonicMs + openForMs + member.sessionTimeoutMs',
    replace: 'now.monotonicMs + member.sessionTimeoutMs - openForMs',
  },
  {
    name: 'keep the partitions of a member that is gone',
    rule: 'B13.5',
    seed: 1,
    only: MOVES,
    file: `${GROUP}/group.ts`,
    find: '      if (partition.owner === member) this.#ownership.release(partition)\n',
    replace: '',
  },
  {
    name: 'change owners while a commit is under way',
    rule: 'B13.7, bug 37',
    seed: 1,
    only: ['slow database', 'a member leaves', 'crash a member'],
    file: `${COORDINATION}/coordinated-group.ts`,
    find: `        await this.#looking.free()
        this.term.check()`,
    replace: '        this.term.check()',
  },
  {
    name: 'keep in memory what could not be written',
    rule: 'ADR 11',
    seed: 1,
    only: LOST,
    file: `${COORDINATION}/coordinated-group.ts`,
    find: `    } catch (error) {
      this.#memory.forget()
      batch.reject(error)`,
    replace: `    } catch (error) {
      batch.reject(error)`,
  },
  {
    name: 'believe that a commit was not written whose outcome is unknown',
    rule: 'bug 41',
    seed: 1,
    only: LOST,
    file: `${COORDINATION}/coordinated-group.ts`,
    find: `      // It may have been written for all we know.
      this.#memory.forget()
`,
    replace: '',
  },
  {
    name: 'answer from memory when the lease is over',
    rule: 'ADR 11',
    seed: 1,
    only: ['the database is away', 'cut a gateway from a control plane', 'slow database'],
    file: `${LEASES}/shard-leases.ts`,
    find: '    if (!this.#isValid) this.#loseAll()',
    replace: '    if (!this.#isValid) this.#lease.validUntilMs = Number.POSITIVE_INFINITY',
  },
  {
    name: 'let a lease run from the answer to its renewal',
    rule: 'ADR 11',
    seed: 1,
    only: ['slow database', 'pause a control plane'],
    file: `${LEASES}/shard-leases.ts`,
    find: '        this.#lease.validUntilMs = sentAtMs + leaseMs',
    replace: '        this.#lease.validUntilMs = clock.monotonicMs() + leaseMs',
  },
  {
    name: 'say with an acknowledgement that is under way that nothing is in work',
    rule: 'B13.4',
    seed: 1,
    only: MOVES,
    file: `${POLL}/poll.ts`,
    find: "    isNothing ? 'empty' : 'full',",
    replace: "    'empty',",
  },
]
