import type {
  ElectPreferredLeadersRequest,
  ElectPreferredLeadersResponse,
} from '@courant/api/internal/v1/cluster'
import { BusError, isUuid, limits } from '@courant/kernel'
import { and, eq, sql } from 'drizzle-orm'
import type { Cluster } from '../cluster.ts'
import type { Transaction } from '../database/database.ts'
import { partition } from '../schema/partition.ts'
import { recipientsOf } from './broker-states.ts'
import { lockBrokers } from './lock-brokers.ts'
import { lockPartitions } from './lock-partitions.ts'
import { ledByPreferred } from './settle.ts'
import { writePartitions } from './write-partitions.ts'

export interface Preferences {
  /** Of all topics if it is not given. */
  readonly topicId?: string
  /** The most that move. */
  readonly max: number
}

/**
 * Gives leaderships back to preferred leaders that are in sync and active: after a restart a broker
 * leads nothing, and its share of the load would stay with the others. Returns how many moved.
 */
export function preferLeaders(cluster: Cluster, preferences: Preferences): Promise<number> {
  return cluster.database.platform((transaction) => prefer(cluster, transaction, preferences), {
    onLostCommit: 'repeat',
  })
}

/** At once, as many as there are: an operator asked for it. */
export async function preferAllLeaders(
  cluster: Cluster,
  { topicId }: ElectPreferredLeadersRequest,
): Promise<ElectPreferredLeadersResponse> {
  if (topicId !== '' && !isUuid(topicId)) {
    throw new BusError('TOPIC_NOT_FOUND', 'There is no such topic.')
  }
  const max: number = limits.electionsPerTransactionMax
  const preferences = topicId === '' ? { max } : { topicId, max }
  let elected = 0
  for (let moved = max; moved === max; elected += moved) {
    moved = await preferLeaders(cluster, preferences)
  }
  return { elected }
}

async function prefer(
  cluster: Cluster,
  transaction: Transaction,
  { topicId, max }: Preferences,
): Promise<number> {
  const fit = sql.param([...recipientsOf(await lockBrokers(transaction))])
  const preferred = sql`${partition.replicas}[1]`
  const rows = await lockPartitions(
    transaction,
    and(
      topicId === undefined ? undefined : eq(partition.topicId, topicId),
      sql`${partition.leader} <> ${preferred}`,
      sql`${preferred} = ANY (${partition.inSyncReplicas})`,
      sql`${preferred} = ANY (${fit}::integer[])`,
      // Who leads a partition that moves is decided when it has moved.
      sql`${partition.targetReplicas} = '{}'`,
    ),
    max,
  )
  const changes = await writePartitions(transaction, rows.map(ledByPreferred))
  if (changes.length > 0) await cluster.record(transaction, changes)
  return changes.length
}
