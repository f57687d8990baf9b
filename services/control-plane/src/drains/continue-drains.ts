import { sql } from 'drizzle-orm'
import type { Cluster } from '../cluster.ts'
import type { Transaction } from '../database/database.ts'
import { recipientsOf } from '../elections/broker-states.ts'
import { lockBrokers } from '../elections/lock-brokers.ts'
import { lockPartitions } from '../elections/lock-partitions.ts'
import { writePartitions } from '../elections/write-partitions.ts'
import { partition } from '../schema/partition.ts'
import { type Load, MOVING_MAX, moveOff } from './empty-broker.ts'

/**
 * Begins to move more replicas away from the brokers that are to be empty, up to the number that
 * may move at a time. Looks at what is, so any control plane may run it at any time. Returns how
 * many begin to move.
 */
export function continueDrains(cluster: Cluster): Promise<number> {
  return cluster.database.platform((transaction) => moveSome(cluster, transaction), {
    onLostCommit: 'repeat',
  })
}

async function moveSome(cluster: Cluster, transaction: Transaction): Promise<number> {
  const brokers = await lockBrokers(transaction)
  const leaving = [...brokers.values()].filter(({ isEmptying }) => isEmptying)
  if (leaving.length === 0) return 0
  const moving = await transaction.$count(partition, sql`${partition.targetReplicas} <> '{}'`)
  if (moving >= MOVING_MAX) return 0
  const from = sql.param(leaving.map(({ brokerId }) => brokerId))
  const to = sql.param([...recipientsOf(brokers)])
  const rows = await lockPartitions(
    transaction,
    // Without a leader there is nobody to copy from.
    sql`${partition.replicas} && ${from}::integer[] AND NOT ${to}::integer[] <@ ${partition.replicas}
      AND ${partition.targetReplicas} = '{}' AND ${partition.leader} IS NOT NULL`,
    MOVING_MAX - moving,
  )
  const load = await readLoad(transaction)
  const started = rows.map((row) => moveOff(row, brokers, load))
  const changes = await writePartitions(transaction, started)
  if (changes.length > 0) await cluster.record(transaction, changes)
  return changes.length
}

async function readLoad(transaction: Transaction): Promise<Load> {
  const { rows } = await transaction.execute<{ broker_id: number; replicas: number }>(sql`
    SELECT broker_id, count(*)::integer AS replicas
      FROM courant.partition, unnest(replicas) AS broker_id GROUP BY broker_id`)
  return new Map(rows.map(({ broker_id, replicas }) => [broker_id, replicas]))
}
