/** What the operations on topics share. All of it runs in a transaction of the topic's tenant. */
import { BusError, limits, topicNameProblem } from '@courant/kernel'
import { eq, sql, sum } from 'drizzle-orm'
import type { Transaction } from '../database/database.ts'
import { type TopicRow, topic } from '../schema/topic.ts'

/** Of this use of advisory locks, beside the migrator's: "topic" in ASCII, shortened. */
const LOCK_CLASS = 0x746f7069

/**
 * From here to the end of the transaction no other one works on this tenant's topics. Taken before
 * any row is locked. Two tenants that share a hash wait for each other and nothing else.
 */
export async function lockTopics(transaction: Transaction, tenantId: string): Promise<void> {
  await transaction.execute(
    sql`SELECT pg_advisory_xact_lock(${LOCK_CLASS}::int, hashtext(${tenantId}))`,
  )
}

/** Null: the tenant has none of that name. */
export async function findTopic(transaction: Transaction, name: string): Promise<TopicRow | null> {
  const [row] = await transaction.select().from(topic).where(eq(topic.name, name))
  return row ?? null
}

export async function requireTopic(transaction: Transaction, name: string): Promise<TopicRow> {
  const row = await findTopic(transaction, name)
  if (row === null) throw new BusError('TOPIC_NOT_FOUND', 'There is no such topic.')
  return row
}

export function checkTopicName(name: string): void {
  const detail = topicNameProblem(name)
  if (detail === null) return
  throw new BusError('INVALID_TOPIC_NAME', detail, { violations: [{ pointer: '/name', detail }] })
}

/** Throws INVALID_PARTITIONS when a topic cannot have so many, or the tenant with it too many. */
export async function checkPartitionCount(
  transaction: Transaction,
  { count, added }: { readonly count: number; readonly added: number },
): Promise<void> {
  const { partitionsPerTopicMax, partitionsPerTenantMax } = limits
  if (count < 1 || count > partitionsPerTopicMax) {
    throw invalidPartitions(`A topic has 1 to ${partitionsPerTopicMax} partitions.`)
  }
  const [row] = await transaction.select({ total: sum(topic.partitionCount) }).from(topic)
  if (Number(row?.total ?? 0) + added > partitionsPerTenantMax) {
    throw invalidPartitions(`A tenant has at most ${partitionsPerTenantMax} partitions in all.`)
  }
}

export function invalidPartitions(detail: string): BusError {
  return new BusError('INVALID_PARTITIONS', detail, {
    violations: [{ pointer: '/partitions', detail }],
  })
}
