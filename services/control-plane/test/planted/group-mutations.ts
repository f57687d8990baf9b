import type { Mutation } from './mutation.ts'

const GROUPS = 'test/groups.test.ts'
const TAKEOVER = 'test/group-takeover.test.ts'

export const groupMutations: readonly Mutation[] = [
  {
    name: 'let a coordinator write whose shard was taken over (ADR 11)',
    file: 'src/groups/rows/lock-shards.ts',
    find: 'term?.instanceId === row.owner && term.epoch === Number(row.epoch)',
    replace: 'term !== undefined',
    test: [TAKEOVER, 'commits nothing any more'],
  },
  {
    name: 'change owners while a commit is under way (B13.7, bug 37)',
    file: 'src/groups/coordination/coordinated-group.ts',
    find: `        await this.#looking.free()
        this.term.check()`,
    replace: '        this.term.check()',
    test: [GROUPS, 'a commit under way counts before'],
  },
  {
    name: 'renew the lease on a database that went back in time (B1.2)',
    file: 'src/groups/leases/control-plane-lease.ts',
    find: 'gte(controlPlaneTable.renewals, renewals)',
    replace: 'gte(controlPlaneTable.renewals, renewals - 1_000_000)',
    test: [TAKEOVER, 'went back in time'],
  },
  {
    name: 'let offsets of a group expire that was used lately (bug 35)',
    file: 'src/groups/expiry/expire-groups.ts',
    find: 'candidate.empty_since < clock_timestamp()',
    replace: "candidate.empty_since < clock_timestamp() + interval '1 year'",
    test: [GROUPS, 'only a group that has long been empty expires'],
  },
  {
    name: 'let offsets move back when two commits meet (B13.8)',
    file: 'src/groups/coordination/coordinated-group.ts',
    find: 'each.offset > (loaded.offsets.at(each)?.offset ?? -1)',
    replace: 'each.offset >= 0',
    test: [GROUPS, 'a commit never moves an offset back'],
  },
  {
    name: 'answer from memory when the lease is over (ADR 11)',
    file: 'src/groups/leases/shard-leases.ts',
    find: '    this.#lease = { instanceId, validUntilMs: sentAtMs + leaseMs }',
    replace: `    const end = Number.POSITIVE_INFINITY
    this.#lease = { instanceId, get validUntilMs() { return end }, set validUntilMs(_) {} }`,
    test: [TAKEOVER, 'answers for no group once its lease is over'],
  },
]
