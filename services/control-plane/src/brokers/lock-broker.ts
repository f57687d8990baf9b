import { eq } from 'drizzle-orm'
import type { Transaction } from '../database/database.ts'
import { type BrokerRow, broker } from '../schema/broker.ts'

/** For a transaction that may change the broker's state. Waits for those that rely on it. */
export async function lockBroker(
  transaction: Transaction,
  brokerId: number,
): Promise<BrokerRow | null> {
  const [row] = await transaction
    .select()
    .from(broker)
    .where(eq(broker.brokerId, brokerId))
    .for('update')
  return row ?? null
}
