/** A broker's process begins (B2.1 to B2.3, with amendment 1 of the reliability rules). */
import type { RegisterBrokerRequest, RegisterBrokerResponse } from '@courant/api/internal/v1/broker'
import { BusError, isUuid, limits } from '@courant/kernel'
import { eq, sql } from 'drizzle-orm'
import type { Cluster } from '../cluster.ts'
import type { Transaction } from '../database/database.ts'
import type { Change } from '../database/record-changes.ts'
import { lockPartitions } from '../elections/lock-partitions.ts'
import { runElections } from '../elections/run-elections.ts'
import { type BrokerRow, broker } from '../schema/broker.ts'
import { partition } from '../schema/partition.ts'
import { beginSession, lockSession } from './broker-session.ts'
import { lockBroker } from './lock-broker.ts'

export interface Registrations {
  readonly cluster: Cluster
  readonly sessionTimeoutMs: number
}

/**
 * A new epoch, fenced until a heartbeat says that the broker is ready. A repeat by the same
 * incarnation answers the epoch that it has. Throws DUPLICATE_BROKER while another process holds
 * the id.
 */
export async function registerBroker(
  { cluster, sessionTimeoutMs }: Registrations,
  request: RegisterBrokerRequest,
): Promise<RegisterBrokerResponse> {
  checkRequest(request, cluster.identity.clusterId)
  const { brokerId } = request
  const brokerEpoch = await cluster.database.platform(
    async (transaction) => {
      const isNew = await insertIfAbsent(transaction, request)
      const before = await lockBroker(transaction, brokerId)
      if (before?.incarnationId === request.incarnationId && !isNew) return before.brokerEpoch
      if (before !== null && !isNew) await refuseSecond(transaction, before, request)
      await transaction
        .update(broker)
        .set({ ...placeOf(request), state: 'fenced', registeredAt: sql`clock_timestamp()` })
        .where(eq(broker.brokerId, brokerId))
      const isVouched = before === null || isNew || vouches(before, request)
      const changes = await leaveReplicaSets(transaction, brokerId, isVouched)
      changes.push({ kind: 'broker', key: String(brokerId) })
      const version = await cluster.record(transaction, changes)
      // Its own version is the epoch: unique, growing, and known only now. The row is ours already.
      await transaction
        .update(broker)
        .set({ brokerEpoch: version })
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

function checkRequest(request: RegisterBrokerRequest, clusterId: string): void {
  const { incarnationId, directoryId, host, port, rack, brokerId } = request
  if (request.clusterId !== '' && request.clusterId !== clusterId) {
    const detail = `This data directory belongs to cluster ${request.clusterId}, not to ${clusterId}.`
    throw new BusError('INVALID_ARGUMENT', detail)
  }
  const good =
    brokerId >= 0 &&
    isUuid(incarnationId) &&
    isUuid(directoryId) &&
    host.length > 0 &&
    host.length <= limits.hostLengthMax &&
    rack.length <= limits.rackLengthMax &&
    port > 0 &&
    port <= 65_535
  if (!good) throw new BusError('INVALID_ARGUMENT', 'The registration is not complete.')
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
 * A live session holds the id. A process on the same directory, which one process alone can lock,
 * proves that the earlier one is gone: it need not wait for the session to expire. A stale copy of
 * the directory knows an older epoch and has to.
 */
async function refuseSecond(
  transaction: Transaction,
  before: BrokerRow,
  request: RegisterBrokerRequest,
): Promise<void> {
  const session = await lockSession(transaction, before.brokerId)
  if (before.state === 'fenced' || session === null || session.hasExpired) return
  if (isSuccessor(before, request)) return
  const detail = `Another process is broker ${before.brokerId}. If it is gone, its session will expire.`
  throw new BusError('DUPLICATE_BROKER', detail)
}

/** The directory has lived through the last epoch in which anything may have been written. */
function isSuccessor(before: BrokerRow, request: RegisterBrokerRequest): boolean {
  const { previousBrokerEpoch: previous } = request
  return (
    request.directoryId === before.directoryId &&
    previous >= (before.activatedEpoch ?? 0) &&
    previous <= before.brokerEpoch
  )
}

/** What was acknowledged by this broker is on its disk (amendment 1). */
function vouches(before: BrokerRow, request: RegisterBrokerRequest): boolean {
  return before.activatedEpoch === null || (request.intact && isSuccessor(before, request))
}

/**
 * Out of every leadership and every set of in-sync replicas, in the transaction that begins the
 * epoch. It stays eligible where the remaining ones are too few (B3.3), but only if its disk is
 * vouched for: otherwise it is just the last that is known to have had everything.
 */
async function leaveReplicaSets(
  transaction: Transaction,
  brokerId: number,
  isVouched: boolean,
): Promise<Change[]> {
  const { inSyncReplicas, eligibleReplicas, lastKnownEligibleReplicas } = partition
  const id = sql`${brokerId}::integer`
  const remaining = sql`array_remove(${inSyncReplicas}, ${id})`
  const suffices = sql`cardinality(${remaining}) >= ${partition.effectiveMinIsr}`
  const eligible = sql`array_remove(${eligibleReplicas}, ${id})`
  const lastKnown = sql`array_remove(${lastKnownEligibleReplicas}, ${id})`
  const concerned = isVouched
    ? sql`${id} = ANY (${inSyncReplicas})`
    : sql`${id} = ANY (${inSyncReplicas} || ${eligibleReplicas})`
  await lockPartitions(transaction, concerned)
  const changed = await transaction
    .update(partition)
    .set({
      inSyncReplicas: remaining,
      eligibleReplicas: sql`CASE WHEN ${suffices} THEN '{}'
        ELSE ${isVouched ? sql`${eligible} || ${id}` : eligible} END`,
      lastKnownEligibleReplicas: sql`CASE WHEN ${suffices} THEN '{}'
        ELSE ${isVouched ? lastKnown : sql`${lastKnown} || ${id}`} END`,
      leader: sql`nullif(${partition.leader}, ${id})`,
      leaderEpoch: sql`${partition.leaderEpoch} + (${partition.leader} IS NOT DISTINCT FROM ${id})::int`,
      partitionEpoch: sql`${partition.partitionEpoch} + 1`,
    })
    .where(concerned)
    .returning({ topicId: partition.topicId, partition: partition.partition })
  return changed.map((row) => ({ kind: 'partition', key: `${row.topicId}/${row.partition}` }))
}
