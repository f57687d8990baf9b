/** What the operations on topics share. All of it runs in a transaction of the topic's tenant. */
import { BusError } from '@courant/kernel'
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

/** Of all topics of the tenant. */
export async function countPartitions(transaction: Transaction): Promise<number> {
  const [row] = await transaction.select({ total: sum(topic.partitionCount) }).from(topic)
  return Number(row?.total ?? 0)
}
