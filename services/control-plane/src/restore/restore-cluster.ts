/** An operator goes on with a database that was restored from an old backup (B1.2). */
import type {
  RestoreClusterRequest,
  RestoreClusterResponse,
} from '@courant/api/internal/v1/cluster'
import { asc } from 'drizzle-orm'
import type { Cluster } from '../cluster.ts'
import type { Transaction } from '../database/database.ts'
import { type Change, recordChanges } from '../database/record-changes.ts'
import { lockBrokers } from '../elections/lock-brokers.ts'
import { lockPartitions } from '../elections/lock-partitions.ts'
import { readStanding } from '../rollback/read-standing.ts'
import { wentBack } from '../rollback/standing.ts'
import { topic } from '../schema/topic.ts'
import { beginIncarnation } from './begin-incarnation.ts'
import { HeardLogs } from './heard-logs.ts'
import { type ClusterPlan, planCluster } from './plan-cluster.ts'
import { seatBrokers } from './seat-brokers.ts'
import { writePlan } from './write-plan.ts'

export interface Restores {
  readonly cluster: Cluster
  readonly sessionTimeoutMs: number
}

/** All or nothing; a repeat after success finds nothing to do. */
export function restoreCluster(
  { cluster, sessionTimeoutMs }: Restores,
  request: RestoreClusterRequest,
): Promise<RestoreClusterResponse> {
  return cluster.database.platform(async (transaction) => {
    const registered = [...(await lockBrokers(transaction, undefined, 'update')).keys()]
    const known = [...new Set([...registered, ...request.silentBrokers])]
    const heard = new HeardLogs(request.brokers, known)
    const plan = await readAndPlan(transaction, heard)
    const before = await readStanding(transaction)
    const hasGoneBack = wentBack(before)
    const report = {
      ...plan.report,
      wentBack: hasGoneBack,
      clusterIncarnation: before.clusterIncarnation,
      metadataVersion: before.metadataVersion,
      reportedIncarnation: before.reported.clusterIncarnation,
      reportedVersion: before.reported.metadataVersion,
      silentBrokers: [...heard.silent],
    }
    if (!hasGoneBack || !request.acceptDataLoss) {
      return { ...report, restored: false, newMetadataVersion: before.metadataVersion }
    }
    const changes = [
      ...(await seatBrokers(transaction, registered, heard, sessionTimeoutMs)),
      ...(await writePlan(transaction, plan)),
    ]
    return { ...report, restored: true, newMetadataVersion: await begin(transaction, changes) }
  })
}

async function readAndPlan(transaction: Transaction, heard: HeardLogs): Promise<ClusterPlan> {
  const rows = await lockPartitions(transaction, undefined)
  const topics = await transaction.select().from(topic).orderBy(asc(topic.topicId))
  return planCluster(topics, rows, heard)
}

/** Returns the version in which all of it is. */
async function begin(transaction: Transaction, changes: readonly Change[]): Promise<number> {
  const incarnation = await beginIncarnation(transaction)
  return recordChanges(transaction, incarnation, changes)
}
