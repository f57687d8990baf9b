import { asc, inArray } from 'drizzle-orm'
import type { Transaction } from '../database/database.ts'
import { broker } from '../schema/broker.ts'
import type { LockedBrokers } from './broker-states.ts'

/**
 * Brokers as they are until the transaction ends (B1.4): before the partitions, and held, so that
 * what is decided here is true at COMMIT. A fencer waits, and sees what was decided (bug 10).
 * All of them without `ids`; `update` for who changes one.
 */
export async function lockBrokers(
  transaction: Transaction,
  ids?: readonly number[],
  strength: 'share' | 'update' = 'share',
): Promise<LockedBrokers> {
  const rows = await transaction
    .select()
    .from(broker)
    .where(ids === undefined ? undefined : inArray(broker.brokerId, [...ids]))
    .orderBy(asc(broker.brokerId))
    .for(strength)
  return new Map(rows.map((row) => [row.brokerId, row]))
}
