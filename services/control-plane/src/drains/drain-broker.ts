/** An operator wants a broker empty, or changes their mind. */
import { eq, sql } from 'drizzle-orm'
import { brokerNotFound } from '../brokers/broker-not-found.ts'
import type { Cluster } from '../cluster.ts'
import { currentVersion } from '../database/current-version.ts'
import type { Transaction } from '../database/database.ts'
import { type LockedBrokers, statesOf } from '../elections/broker-states.ts'
import { lockBrokers } from '../elections/lock-brokers.ts'
import { lockPartitions } from '../elections/lock-partitions.ts'
import { writePartitions } from '../elections/write-partitions.ts'
import { broker } from '../schema/broker.ts'
import { partition } from '../schema/partition.ts'
import { continueDrains } from './continue-drains.ts'
import { checkRoom, moveBack } from './empty-broker.ts'

interface Versioned {
  readonly metadataVersion: number
}

/**
 * The broker gets no more replicas, and the first of its own begin to move; the rest follow. Throws
 * BROKER_UNAVAILABLE when too few others are active to take them.
 */
export async function drainBroker(
  cluster: Cluster,
  { brokerId }: { readonly brokerId: number },
): Promise<Versioned> {
  await cluster.database.platform(
    async (transaction) => {
      const brokers = await setEmptying(transaction, brokerId, true)
      checkRoom(brokers, brokerId, await readReplicasNeeded(transaction, brokerId))
    },
    { onLostCommit: 'repeat' },
  )
  await continueDrains(cluster)
  return cluster.database.platform(versionNow)
}

/** Replicas that are on their way out stay, unless too few of the old ones are in sync. */
export function undrainBroker(
  cluster: Cluster,
  { brokerId }: { readonly brokerId: number },
): Promise<Versioned> {
  const work = async (transaction: Transaction): Promise<Versioned> => {
    const states = statesOf(await setEmptying(transaction, brokerId, false))
    const leaving = sql`${brokerId}::integer = ANY (${partition.replicas})
      AND ${partition.targetReplicas} <> '{}'
      AND NOT ${brokerId}::integer = ANY (${partition.targetReplicas})`
    const rows = await lockPartitions(transaction, leaving)
    const changes = await writePartitions(transaction, moveBack(rows, states))
    if (changes.length === 0) return versionNow(transaction)
    return { metadataVersion: await cluster.record(transaction, changes) }
  }
  return cluster.database.platform(work, { onLostCommit: 'repeat' })
}

/** Nothing that brokers or gateways act on: the metadata version does not move. */
async function setEmptying(
  transaction: Transaction,
  brokerId: number,
  isEmptying: boolean,
): Promise<LockedBrokers> {
  const brokers = await lockBrokers(transaction, undefined, 'update')
  if (!brokers.has(brokerId)) throw brokerNotFound()
  await transaction.update(broker).set({ isEmptying }).where(eq(broker.brokerId, brokerId))
  return brokers
}

/** Of the largest of its partitions. */
async function readReplicasNeeded(transaction: Transaction, brokerId: number): Promise<number> {
  const needed = sql<number | null>`max(cardinality(
    CASE WHEN ${partition.targetReplicas} = '{}' THEN ${partition.replicas}
      ELSE ${partition.targetReplicas} END))`
  const [row] = await transaction
    .select({ needed })
    .from(partition)
    .where(sql`${brokerId}::integer = ANY (${partition.replicas})`)
  return row?.needed ?? 0
}

async function versionNow(transaction: Transaction): Promise<Versioned> {
  return { metadataVersion: await currentVersion(transaction) }
}
