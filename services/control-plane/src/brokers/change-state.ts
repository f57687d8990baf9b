import { eq } from 'drizzle-orm'
import type { Cluster } from '../cluster.ts'
import type { Transaction } from '../database/database.ts'
import { type BrokerRow, broker } from '../schema/broker.ts'
import { inState } from './judge-heartbeat.ts'

/** Ends a transaction that holds the broker's row: it is in `state` from now on. */
export async function changeState(
  cluster: Cluster,
  transaction: Transaction,
  row: BrokerRow,
  state: BrokerRow['state'],
): Promise<void> {
  const { activatedEpoch } = inState(row, state)
  await transaction
    .update(broker)
    .set({ state, activatedEpoch })
    .where(eq(broker.brokerId, row.brokerId))
  await cluster.record(transaction, [{ kind: 'broker', key: String(row.brokerId) }])
}
