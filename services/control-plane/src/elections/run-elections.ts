import { and, asc, eq, sql } from 'drizzle-orm'
import type { Cluster } from '../cluster.ts'
import type { Transaction } from '../database/database.ts'
import type { Change } from '../database/record-changes.ts'
import { broker } from '../schema/broker.ts'
import { type PartitionRow, partition } from '../schema/partition.ts'
import { type BrokerStates, decideLeadership } from './decide-leadership.ts'

/** Partitions of one transaction (B1.5): a mass failover must not hold the version for long. */
const BATCH_MAX = 500

/** Where the walk over the partitions stands: behind this one. */
interface Place {
  readonly topicId: string
  readonly partition: number
}

/**
 * Brings every partition's leadership in line with the brokers' states: after one was fenced, came
 * back, or asked to leave. Looks at what is and not at what happened, so it may be run at any time,
 * by any control plane, and finishes what another one left half done. Returns how many partitions
 * changed.
 */
export async function runElections(cluster: Cluster): Promise<number> {
  let changed = 0
  for (let place: Place | null = BEGINNING; place !== null; ) {
    const from: Place = place
    const batch = await cluster.database.platform(
      (transaction) => electBatch(cluster, transaction, from),
      // Done again, it finds the partitions as they should be.
      { onLostCommit: 'repeat' },
    )
    changed += batch.changed
    place = batch.next
  }
  return changed
}

const BEGINNING: Place = { topicId: '00000000-0000-0000-0000-000000000000', partition: -1 }

async function electBatch(
  cluster: Cluster,
  transaction: Transaction,
  from: Place,
): Promise<{ readonly changed: number; readonly next: Place | null }> {
  const states = await lockBrokerStates(transaction)
  const rows = await lockCandidates(transaction, states, from)
  const changes: Change[] = []
  for (const row of rows) {
    const next = decideLeadership(row, states)
    if (next === null) continue
    await update(transaction, row, next)
    changes.push({ kind: 'partition', key: `${row.topicId}/${row.partition}` })
  }
  if (changes.length > 0) await cluster.record(transaction, changes)
  const last = rows.length === BATCH_MAX ? rows.at(-1) : undefined
  return { changed: changes.length, next: last ?? null }
}

/** Before the partitions (B1.4), and held: what is decided here is true at COMMIT. */
async function lockBrokerStates(transaction: Transaction): Promise<BrokerStates> {
  const rows = await transaction
    .select({ brokerId: broker.brokerId, state: broker.state })
    .from(broker)
    .orderBy(asc(broker.brokerId))
    .for('share')
  return new Map(rows.map((row) => [row.brokerId, row.state]))
}

/** A few too many are no harm: the decision is made from the row. */
async function lockCandidates(
  transaction: Transaction,
  states: BrokerStates,
  from: Place,
): Promise<PartitionRow[]> {
  const all = [...states]
  const up = all.filter(([, state]) => state === 'active').map(([brokerId]) => brokerId)
  const members = sql`(${partition.inSyncReplicas} || ${partition.eligibleReplicas})`
  return transaction
    .select()
    .from(partition)
    .where(
      and(
        sql`(${partition.topicId}, ${partition.partition}) > (${from.topicId}, ${from.partition})`,
        sql`(NOT ${partition.inSyncReplicas} <@ ${sql.param(up)}::integer[]
          OR (${partition.leader} IS NULL AND ${members} && ${sql.param(up)}::integer[]))`,
      ),
    )
    .orderBy(asc(partition.topicId), asc(partition.partition))
    .limit(BATCH_MAX)
    .for('update')
}

async function update(
  transaction: Transaction,
  row: PartitionRow,
  next: NonNullable<ReturnType<typeof decideLeadership>>,
): Promise<void> {
  await transaction
    .update(partition)
    .set({
      inSyncReplicas: [...next.inSyncReplicas],
      eligibleReplicas: [...next.eligibleReplicas],
      lastKnownEligibleReplicas: [...next.lastKnownEligibleReplicas],
      leader: next.leader,
      leaderEpoch: next.leader === row.leader ? row.leaderEpoch : row.leaderEpoch + 1,
      partitionEpoch: row.partitionEpoch + 1,
    })
    .where(and(eq(partition.topicId, row.topicId), eq(partition.partition, row.partition)))
}
