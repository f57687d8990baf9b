import { eq } from 'drizzle-orm'
import type { Cluster } from '../cluster.ts'
import type { Transaction } from '../database/database.ts'
import { type BrokerRow, broker } from '../schema/broker.ts'

/** Ends a transaction that holds the broker's row: it is in `state` from now on. */
export async function changeState(
  cluster: Cluster,
  transaction: Transaction,
  row: BrokerRow,
  state: BrokerRow['state'],
): Promise<void> {
  // Epochs in which a broker was active are those in which it may have written.
  const activatedEpoch = state === 'active' ? row.brokerEpoch : row.activatedEpoch
  await transaction
    .update(broker)
    .set({ state, activatedEpoch })
    .where(eq(broker.brokerId, row.brokerId))
  await cluster.record(transaction, [{ kind: 'broker', key: String(row.brokerId) }])
}
