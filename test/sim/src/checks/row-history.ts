import type { ClusterState } from '@courant/control-plane/model'
import { ensure } from './violation.ts'

export type PartitionRow =
  ReturnType<ClusterState['partitions']['values']> extends Iterable<infer Row> ? Row : never

/** Every change of a partition's row must be one that the control plane may make. */
export class RowHistory {
  readonly #state: ClusterState
  readonly #rows = new Map<string, PartitionRow>()
  #version = 0

  constructor(state: ClusterState) {
    this.#state = state
  }

  /** Rows that have changed since the last look. */
  look(): PartitionRow[] {
    const changed: PartitionRow[] = []
    for (const row of this.#state.partitions.values()) {
      const key = `${row.topicId}/${row.partition}`
      const before = this.#rows.get(key)
      if (before === row) continue
      this.#check(before ?? null, row)
      this.#rows.set(key, row)
      changed.push(row)
    }
    return changed
  }

  version(version: number): void {
    ensure(
      version >= this.#version,
      () => `the metadata goes back from ${this.#version} to ${version}`,
    )
    this.#version = version
  }

  #check(before: PartitionRow | null, after: PartitionRow): void {
    const { replicas, inSyncReplicas, eligibleReplicas, leader } = after
    const what = (): string => `${show(before)} becomes ${show(after)}`
    ensure(new Set(inSyncReplicas).size === inSyncReplicas.length, what)
    ensure(
      inSyncReplicas.every((member) => replicas.includes(member)),
      what,
    )
    ensure(!eligibleReplicas.some((member) => inSyncReplicas.includes(member)), what)
    ensure(leader === null || inSyncReplicas.includes(leader), what)
    if (before === null) return
    ensure(after.partitionEpoch === before.partitionEpoch + 1, what)
    ensure(after.leaderEpoch >= before.leaderEpoch, what)
    ensure(leader === before.leader || after.leaderEpoch > before.leaderEpoch, what)
    const isActive = (id: number): boolean => this.#state.brokers.get(id)?.state === 'active'
    const joined = inSyncReplicas.filter((member) => !before.inSyncReplicas.includes(member))
    ensure(joined.every(isActive), () => `a broker that is not active joins: ${what()}`)
    ensure(
      leader === null || leader === before.leader || isActive(leader),
      () => `a broker that is not active is elected: ${what()}`,
    )
    // Or its leader has let it in, which ends a move and with that the leader's own term.
    const couldLead = [...before.inSyncReplicas, ...before.eligibleReplicas]
    ensure(
      leader === null || couldLead.includes(leader) || before.leader !== null,
      () => `an unclean election: ${what()}`,
    )
  }
}

function show(row: PartitionRow | null): string {
  if (row === null) return 'nothing'
  const { topicId, partition, leader, leaderEpoch, partitionEpoch } = row
  const { inSyncReplicas, eligibleReplicas, lastKnownEligibleReplicas } = row
  return (
    `${topicId.slice(0, 4)}/${partition} {leader ${leader} in ${leaderEpoch}, epoch ${partitionEpoch}, ` +
    `in sync ${inSyncReplicas}, eligible ${eligibleReplicas}, last known ${lastKnownEligibleReplicas}}`
  )
}

export { show as showRow }
