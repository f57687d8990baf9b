import { limits } from '@courant/kernel'
import { and, asc, sql } from 'drizzle-orm'
import type { Cluster } from '../cluster.ts'
import type { Transaction } from '../database/database.ts'
import type { Change } from '../database/record-changes.ts'
import { broker } from '../schema/broker.ts'
import { type PartitionRow, partition } from '../schema/partition.ts'
import { type BrokerStates, decideLeadership, type Leadership } from './decide-leadership.ts'

/** A mass failover must not hold the version for long (B1.5). */
const BATCH_MAX = limits.electionsPerTransactionMax

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
  const moved = rows.flatMap((row) => {
    const next = decideLeadership(row, states)
    return next === null ? [] : [{ row, next }]
  })
  const changes = moved.map(
    ({ row }): Change => ({ kind: 'partition', key: `${row.topicId}/${row.partition}` }),
  )
  if (moved.length > 0) await updateAll(transaction, moved)
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

/** In one statement: a broker that comes back may lead ten thousand partitions. */
async function updateAll(
  transaction: Transaction,
  moved: readonly { readonly row: PartitionRow; readonly next: Leadership }[],
): Promise<void> {
  const rows = moved.map(({ row, next }) => ({
    topic_id: row.topicId,
    partition: row.partition,
    in_sync: next.inSyncReplicas,
    eligible: next.eligibleReplicas,
    last_known: next.lastKnownEligibleReplicas,
    leader: next.leader,
    leader_epoch: next.leader === row.leader ? row.leaderEpoch : row.leaderEpoch + 1,
  }))
  await transaction.execute(sql`
    UPDATE courant.partition AS old SET
        in_sync_replicas = new.in_sync,
        eligible_replicas = new.eligible,
        last_known_eligible_replicas = new.last_known,
        leader = new.leader,
        leader_epoch = new.leader_epoch,
        partition_epoch = old.partition_epoch + 1
      FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS new (
        topic_id uuid, partition integer, in_sync integer[], eligible integer[],
        last_known integer[], leader integer, leader_epoch integer)
      WHERE old.topic_id = new.topic_id AND old.partition = new.partition`)
}
