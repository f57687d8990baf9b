import { limits } from '@courant/kernel'
import { and, sql } from 'drizzle-orm'
import type { Cluster } from '../cluster.ts'
import type { Transaction } from '../database/database.ts'
import { type PartitionRow, partition } from '../schema/partition.ts'
import { statesOf } from './broker-states.ts'
import type { BrokerStates } from './decide-leadership.ts'
import { lockBrokers } from './lock-brokers.ts'
import { lockPartitions } from './lock-partitions.ts'
import { settleAll } from './settle.ts'
import { writePartitions } from './write-partitions.ts'

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
  const brokers = await lockBrokers(transaction)
  const states = statesOf(brokers)
  const rows = await lockCandidates(transaction, states, from)
  const changes = await writePartitions(transaction, settleAll(rows, states))
  if (changes.length > 0) await cluster.record(transaction, changes)
  const last = rows.length === BATCH_MAX ? rows.at(-1) : undefined
  return { changed: changes.length, next: last ?? null }
}

/**
 * Whose in-sync replicas are not all active, who has no leader and could have one, and whose move
 * could end. A few too many are no harm: the decision is made from the row.
 */
function lockCandidates(
  transaction: Transaction,
  states: BrokerStates,
  from: Place,
): Promise<PartitionRow[]> {
  const active = [...states].filter(([, state]) => state === 'active')
  const up = sql`${sql.param(active.map(([brokerId]) => brokerId))}::integer[]`
  const { inSyncReplicas, eligibleReplicas, targetReplicas, addingReplicas } = partition
  return lockPartitions(
    transaction,
    and(
      sql`(${partition.topicId}, ${partition.partition}) > (${from.topicId}, ${from.partition})`,
      sql`(NOT ${inSyncReplicas} <@ ${up}
        OR (${partition.leader} IS NULL AND (${inSyncReplicas} || ${eligibleReplicas}) && ${up})
        OR (${targetReplicas} <> '{}' AND ${addingReplicas} <@ ${inSyncReplicas}))`,
    ),
    BATCH_MAX,
  )
}
