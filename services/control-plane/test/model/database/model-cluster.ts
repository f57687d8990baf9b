import type { ClusterIdentity } from '../../../src/cluster.ts'
import { metadataRollback } from '../../../src/database/database-error.ts'
import type { Change } from '../../../src/database/record-changes.ts'
import { type ClusterState, ONLY_ROW } from './cluster-state.ts'
import { recordChanges } from './record-changes.ts'
import type { Transaction } from './transaction.ts'

/** What one control plane believes of its cluster: the model of `Cluster`. */
export class ModelCluster {
  #identity: ClusterIdentity
  #highestVersion = 0

  constructor(identity: ClusterIdentity) {
    this.#identity = identity
  }

  static of(state: ClusterState): ModelCluster {
    const row = state.meta.get(ONLY_ROW)
    if (row === undefined) throw new Error('the database has its one row')
    const { clusterId, clusterIncarnation } = row
    return new ModelCluster({ clusterId, clusterIncarnation })
  }

  get identity(): ClusterIdentity {
    return this.#identity
  }

  /** The feed has seen that an operator began a new incarnation. */
  adopt(identity: ClusterIdentity): void {
    this.#identity = identity
    this.#highestVersion = 0
  }

  /** The feed has seen that `version` is committed. */
  reached(version: number): void {
    this.#highestVersion = Math.max(this.#highestVersion, version)
  }

  /** Ends a transaction that changed metadata; refuses a version that was there before (B1.2). */
  record(transaction: Transaction, changes: readonly Change[]): number {
    const version = recordChanges(transaction, this.#identity.clusterIncarnation, changes)
    if (version > this.#highestVersion) return version
    throw metadataRollback()
  }
}
