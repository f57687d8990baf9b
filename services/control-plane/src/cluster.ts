import type { Database, Transaction } from './database/database.ts'
import { metadataRollback } from './database/database-error.ts'
import { type Change, recordChanges } from './database/record-changes.ts'
import { clusterMeta } from './schema/cluster.ts'

/** Which cluster this is. */
export interface ClusterIdentity {
  readonly clusterId: string
  /** Raised by an operator after the database was restored from a backup (B1.2). */
  readonly clusterIncarnation: number
}

/**
 * What every operation of the control plane works on: the database, and the cluster that it
 * describes.
 */
export class Cluster {
  readonly database: Database
  #identity: ClusterIdentity
  /** The highest version that is known to be committed in this incarnation. */
  #highestVersion = 0

  private constructor(database: Database, identity: ClusterIdentity) {
    this.database = database
    this.#identity = identity
  }

  static async open(database: Database): Promise<Cluster> {
    return new Cluster(database, await database.snapshot(readIdentity))
  }

  get identity(): ClusterIdentity {
    return this.#identity
  }

  /** What is read from the database later cannot be older than this. */
  get highestVersion(): number {
    return this.#highestVersion
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

  /**
   * Ends a transaction that changed metadata; returns its version. Little may follow but COMMIT:
   * all other changes wait. Refuses a version that was there before: then the database went back
   * in time, and what is decided on its ground could contradict what was acknowledged (B1.2).
   */
  async record(transaction: Transaction, changes: readonly Change[]): Promise<number> {
    const { clusterIncarnation } = this.#identity
    const version = await recordChanges(transaction, clusterIncarnation, changes)
    if (version > this.#highestVersion) return version
    throw metadataRollback()
  }
}

async function readIdentity(transaction: Transaction): Promise<ClusterIdentity> {
  const [row] = await transaction
    .select({
      clusterId: clusterMeta.clusterId,
      clusterIncarnation: clusterMeta.clusterIncarnation,
    })
    .from(clusterMeta)
  if (row === undefined) throw new Error('The database has no row in courant.cluster_meta.')
  return row
}
