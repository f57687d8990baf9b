import type { Cluster } from '../cluster.ts'
import { runElections } from '../elections/run-elections.ts'
import { lockSession } from './broker-session.ts'
import { changeState } from './change-state.ts'
import { lockBroker } from './lock-broker.ts'

/**
 * Fences the broker if its session of that epoch has expired, then moves its leaderships (B2.6).
 * The broker's row is locked first, so it waits for every transaction that relies on the broker
 * being active; the elections begin a transaction later and therefore see what those have done.
 * Returns whether it is fenced.
 */
export async function fenceBroker(
  cluster: Cluster,
  brokerId: number,
  brokerEpoch: number,
): Promise<boolean> {
  const isFenced = await cluster.database.platform(
    async (transaction) => {
      const row = await lockBroker(transaction, brokerId)
      if (row === null || row.brokerEpoch !== brokerEpoch) return false
      // By an attempt whose COMMIT was not answered, or by another control plane, which may have
      // ended before its elections.
      if (row.state === 'fenced') return true
      const session = await lockSession(transaction, brokerId)
      if (session !== null && !session.hasExpired) return false
      await changeState(cluster, transaction, row, 'fenced')
      return true
    },
    { onLostCommit: 'repeat' },
  )
  if (isFenced) await runElections(cluster)
  return isFenced
}
