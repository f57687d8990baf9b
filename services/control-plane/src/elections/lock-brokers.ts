import { asc, inArray } from 'drizzle-orm'
import type { Transaction } from '../database/database.ts'
import { type BrokerRow, broker } from '../schema/broker.ts'

export type LockedBrokers = ReadonlyMap<number, Pick<BrokerRow, 'state' | 'brokerEpoch'>>

/**
 * Brokers as they are until the transaction ends (B1.4): before the partitions, and held, so that
 * what is decided here is true at COMMIT. A fencer waits, and sees what was decided (bug 10).
 */
export async function lockBrokers(
  transaction: Transaction,
  ids?: readonly number[],
): Promise<LockedBrokers> {
  const rows = await transaction
    .select({
      brokerId: broker.brokerId,
      brokerEpoch: broker.brokerEpoch,
      state: broker.state,
    })
    .from(broker)
    .where(ids === undefined ? undefined : inArray(broker.brokerId, [...ids]))
    .orderBy(asc(broker.brokerId))
    .for('share')
  return new Map(rows.map((row) => [row.brokerId, row]))
}
