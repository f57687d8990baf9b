/** A broker's process begins (B2.1 to B2.3, with amendment 1 of the reliability rules). */
import type { RegisterBrokerRequest, RegisterBrokerResponse } from '@courant/api/internal/v1/broker'
import { eq, sql } from 'drizzle-orm'
import type { Cluster } from '../cluster.ts'
import type { Transaction } from '../database/database.ts'
import type { Change } from '../database/record-changes.ts'
import { lockPartitions } from '../elections/lock-partitions.ts'
import { runElections } from '../elections/run-elections.ts'
import { writePartitions } from '../elections/write-partitions.ts'
import { hear } from '../rollback/hear.ts'
import { broker } from '../schema/broker.ts'
import { partition } from '../schema/partition.ts'
import { beginSession, lockSession } from './broker-session.ts'
import { checkRegistration, refuseSecond, vouchedAfter } from './judge-registration.ts'
import { leaveReplicaSet } from './leave-replica-set.ts'
import { lockBroker } from './lock-broker.ts'

export interface Registrations {
  readonly cluster: Cluster
  readonly sessionTimeoutMs: number
}

/**
 * A new epoch, fenced until a heartbeat says that the broker is ready. A repeat by the same
 * incarnation answers the epoch that it has. Throws DUPLICATE_BROKER while another process holds
 * the id, METADATA_ROLLBACK when the broker has seen newer metadata than the database holds.
 */
export async function registerBroker(
  { cluster, sessionTimeoutMs }: Registrations,
  request: RegisterBrokerRequest,
): Promise<RegisterBrokerResponse> {
  checkRegistration(request, cluster.identity.clusterId)
  const { brokerId, seen } = request
  await hear(cluster, { brokerId, seen })
  const brokerEpoch = await cluster.database.platform(
    async (transaction) => {
      const isNew = await insertIfAbsent(transaction, request)
      const row = await lockBroker(transaction, brokerId)
      const before = isNew ? null : row
      if (before?.incarnationId === request.incarnationId) return before.brokerEpoch
      if (before !== null) refuseSecond(before, await lockSession(transaction, brokerId), request)
      await transaction
        .update(broker)
        .set({ ...placeOf(request), state: 'fenced', registeredAt: sql`clock_timestamp()` })
        .where(eq(broker.brokerId, brokerId))
      const changes = await leaveReplicaSets(transaction, brokerId)
      changes.push({ kind: 'broker', key: String(brokerId) })
      const version = await cluster.record(transaction, changes)
      // Its own version is the epoch: unique, growing, and known only now. The row is ours already.
      await transaction
        .update(broker)
        .set({ brokerEpoch: version, vouchedEpochs: vouchedAfter(before, request, version) })
        .where(eq(broker.brokerId, brokerId))
      await beginSession(transaction, {
        brokerId,
        brokerEpoch: version,
        timeoutMs: sessionTimeoutMs,
      })
      return version
    },
    { onLostCommit: 'repeat' },
  )
  // What it led needs another leader now, not when it has recovered. After a repeat too: the first
  // attempt may have ended here.
  await runElections(cluster)
  return {
    clusterId: cluster.identity.clusterId,
    brokerEpoch,
    metadataVersion: brokerEpoch,
    sessionTimeoutMs,
  }
}

/** Two new brokers of one id meet here: the second waits, and finds the first. */
async function insertIfAbsent(
  transaction: Transaction,
  request: RegisterBrokerRequest,
): Promise<boolean> {
  const { brokerId } = request
  const made = await transaction
    .insert(broker)
    .values({ brokerId, brokerEpoch: 0, state: 'fenced', ...placeOf(request) })
    .onConflictDoNothing()
    .returning({ brokerId: broker.brokerId })
  return made.length > 0
}

function placeOf(request: RegisterBrokerRequest) {
  const { incarnationId, directoryId, host, port, rack } = request
  return { incarnationId, directoryId, host, port, rack }
}

/**
 * Out of every leadership and every set of in-sync replicas, in the transaction that begins the
 * epoch.
 */
async function leaveReplicaSets(transaction: Transaction, brokerId: number): Promise<Change[]> {
  const isInSync = sql`${brokerId}::integer = ANY (${partition.inSyncReplicas})`
  const rows = await lockPartitions(transaction, isInSync)
  return writePartitions(
    transaction,
    rows.map((row) => leaveReplicaSet(row, brokerId)),
  )
}
