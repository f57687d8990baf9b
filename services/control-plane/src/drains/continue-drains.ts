import { sql } from 'drizzle-orm'
import type { Cluster } from '../cluster.ts'
import type { Transaction } from '../database/database.ts'
import {
  type LockedBrokers,
  lockBrokers,
  recipientsOf,
  statesOf,
} from '../elections/lock-brokers.ts'
import { lockPartitions } from '../elections/lock-partitions.ts'
import { succeed } from '../elections/settle.ts'
import { writePartitions } from '../elections/write-partitions.ts'
import { placeReplacement } from '../placement/place-replicas.ts'
import { startReassignment } from '../reassignments/change-reassignment.ts'
import type { BrokerRow } from '../schema/broker.ts'
import { type PartitionRow, partition } from '../schema/partition.ts'

/**
 * Partitions of all drains that move at one time: enough to keep disks and network at work, few
 * enough that a broker which dies meanwhile leaves little half done.
 */
const MOVING_MAX = 50

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
  const started = rows.map((row) => succeed(row, start(row, brokers, load)))
  const changes = await writePartitions(transaction, started)
  if (changes.length > 0) await cluster.record(transaction, changes)
  return changes.length
}

function start(row: PartitionRow, brokers: LockedBrokers, load: Map<number, number>): PartitionRow {
  const recipients = recipientsOf(brokers)
  const known = (brokerIds: readonly number[]): BrokerRow[] =>
    brokerIds.flatMap((brokerId) => brokers.get(brokerId) ?? [])
  let target: readonly number[] = row.replicas
  for (const leaving of known(row.replicas).filter(({ isEmptying }) => isEmptying)) {
    const staying = target.filter((brokerId) => brokerId !== leaving.brokerId)
    const candidates = known([...recipients]).map((candidate) => ({
      ...candidate,
      replicas: load.get(candidate.brokerId) ?? 0,
    }))
    const replacement = placeReplacement({ candidates, staying: known(staying) })
    // There may be room for one of its replicas and not for another: the next pass tries again.
    if (replacement === null) continue
    load.set(replacement, (load.get(replacement) ?? 0) + 1)
    // In its place, so that who takes over a preferred leader's replica is the preferred leader.
    target = target.map((brokerId) => (brokerId === leaving.brokerId ? replacement : brokerId))
  }
  return startReassignment(row, target, { states: statesOf(brokers), recipients })
}

async function readLoad(transaction: Transaction): Promise<Map<number, number>> {
  const { rows } = await transaction.execute<{ broker_id: number; replicas: number }>(sql`
    SELECT broker_id, count(*)::integer AS replicas
      FROM courant.partition, unnest(replicas) AS broker_id GROUP BY broker_id`)
  return new Map(rows.map(({ broker_id, replicas }) => [broker_id, replicas]))
}
