import { eq, sql } from 'drizzle-orm'
import type { Cluster } from '../cluster.ts'
import type { Transaction } from '../database/database.ts'
import type { Change } from '../database/record-changes.ts'
import { lockPartitions } from '../elections/lock-partitions.ts'
import { writePartitions } from '../elections/write-partitions.ts'
import { type BrokerRow, broker } from '../schema/broker.ts'
import { partition } from '../schema/partition.ts'
import { inState, losesEligibility } from './judge-heartbeat.ts'
import { loseEligibility } from './lose-eligibility.ts'

/**
 * Ends a transaction that holds the broker's row: it is in `state` from now on. Elections hold that
 * row too, so they see a broker that is fenced, or an active one that is eligible only where its
 * disk is vouched for.
 */
export async function changeState(
  cluster: Cluster,
  transaction: Transaction,
  row: BrokerRow,
  state: BrokerRow['state'],
): Promise<void> {
  const { brokerId } = row
  const { vouchedDirectoryId, vouchedEpochs } = inState(row, state)
  await transaction
    .update(broker)
    .set({ state, vouchedDirectoryId, vouchedEpochs })
    .where(eq(broker.brokerId, brokerId))
  const changes = losesEligibility(row, state) ? await endEligibility(transaction, brokerId) : []
  changes.push({ kind: 'broker', key: String(brokerId) })
  await cluster.record(transaction, changes)
}

/** Its registration took it out of every set of in-sync replicas, and nobody fenced gets in. */
async function endEligibility(transaction: Transaction, brokerId: number): Promise<Change[]> {
  const isEligible = sql`${brokerId}::integer = ANY (${partition.eligibleReplicas})`
  const rows = await lockPartitions(transaction, isEligible)
  return writePartitions(
    transaction,
    rows.map((row) => loseEligibility(row, brokerId)),
  )
}
