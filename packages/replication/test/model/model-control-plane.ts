import type { BrokerId, LeaderEpoch } from '@courant/kernel'
import type { PartitionRow } from '../../src/index.ts'

export interface ModelRow extends PartitionRow {
  readonly eligibleReplicas: readonly BrokerId[]
}

export interface AlterRequest {
  readonly sender: BrokerId
  readonly leaderEpoch: number
  readonly partitionEpoch: number
  readonly members: readonly { readonly broker: BrokerId; readonly brokerEpoch: number }[]
}

export interface AlterAnswer {
  readonly isCommitted: boolean
  readonly row: ModelRow
}

interface Registered {
  epoch: number
  state: 'fenced' | 'active'
}

/**
 * The decisions of the control plane about one partition, by the rules B2 to B4: one
 * compare-and-set after the other, elections that are clean only, eligible leader replicas.
 */
export class ModelControlPlane {
  readonly brokers = new Map<BrokerId, Registered>()
  row: ModelRow
  #brokerEpoch = 0

  constructor(replicas: readonly BrokerId[], effectiveMinIsr: number) {
    this.row = {
      replicas,
      inSyncReplicas: replicas,
      eligibleReplicas: [],
      leader: null,
      leaderEpoch: 0 as LeaderEpoch,
      partitionEpoch: 0,
      effectiveMinIsr,
    }
  }

  /** An intact restart keeps its place among the eligible ones; who lost something has none. */
  register(broker: BrokerId, has: 'everything' | 'lost-something'): number {
    this.#brokerEpoch += 1
    this.brokers.set(broker, { epoch: this.#brokerEpoch, state: 'fenced' })
    const isIntact = has === 'everything'
    const stays = (id: BrokerId) => isIntact || id !== broker
    const row = this.#without(broker)
    this.#decide({ ...row, eligibleReplicas: row.eligibleReplicas.filter(stays) })
    return this.#brokerEpoch
  }

  unfence(broker: BrokerId): void {
    const registered = this.brokers.get(broker)
    if (registered === undefined) return
    registered.state = 'active'
    this.#decide(this.row)
  }

  fence(broker: BrokerId): void {
    const registered = this.brokers.get(broker)
    if (registered === undefined) return
    registered.state = 'fenced'
    this.#decide(this.#without(broker))
  }

  alter({ sender, leaderEpoch, partitionEpoch, members }: AlterRequest): AlterAnswer {
    const { row } = this
    const isCurrent =
      row.leader === sender &&
      row.leaderEpoch === leaderEpoch &&
      row.partitionEpoch === partitionEpoch
    const isEligible = members.every(({ broker, brokerEpoch }) => {
      const registered = this.brokers.get(broker)
      if (registered?.state !== 'active') return false
      if (brokerEpoch === 0) return row.inSyncReplicas.includes(broker)
      return brokerEpoch === registered.epoch
    })
    if (!isCurrent || !isEligible) return { isCommitted: false, row }
    const inSyncReplicas = members.map(({ broker }) => broker)
    this.row = { ...this.#withIsr(inSyncReplicas), partitionEpoch: row.partitionEpoch + 1 }
    return { isCommitted: true, row: this.row }
  }

  #without(broker: BrokerId): ModelRow {
    if (!this.row.inSyncReplicas.includes(broker)) return this.row
    return this.#withIsr(this.row.inSyncReplicas.filter((id) => id !== broker))
  }

  #withIsr(inSyncReplicas: readonly BrokerId[]): ModelRow {
    const { row } = this
    if (inSyncReplicas.length >= row.effectiveMinIsr) {
      return { ...row, inSyncReplicas, eligibleReplicas: [] }
    }
    const complete = new Set([...row.eligibleReplicas, ...row.inSyncReplicas])
    for (const member of inSyncReplicas) complete.delete(member)
    return { ...row, inSyncReplicas, eligibleReplicas: [...complete] }
  }

  /** Writes the row, with an election where the leader cannot go on. */
  #decide(next: ModelRow): void {
    const isActive = (id: BrokerId) => this.brokers.get(id)?.state === 'active'
    let { leader, inSyncReplicas, eligibleReplicas } = next
    if (leader === null || !isActive(leader) || !inSyncReplicas.includes(leader)) {
      const active = next.replicas.filter(isActive)
      leader =
        active.find((id) => inSyncReplicas.includes(id)) ??
        active.find((id) => eligibleReplicas.includes(id)) ??
        null
      if (leader !== null && !inSyncReplicas.includes(leader)) {
        inSyncReplicas = [...inSyncReplicas, leader]
        eligibleReplicas = eligibleReplicas.filter((id) => id !== leader)
        if (inSyncReplicas.length >= next.effectiveMinIsr) eligibleReplicas = []
      }
    }
    const isNewTerm = leader !== this.row.leader
    this.row = {
      ...next,
      leader,
      inSyncReplicas,
      eligibleReplicas,
      leaderEpoch: (this.row.leaderEpoch + (isNewTerm ? 1 : 0)) as LeaderEpoch,
      partitionEpoch: this.row.partitionEpoch + 1,
    }
  }
}
