/** Sessions of brokers: a row beside the broker's, touched by heartbeats and by nothing else. */
import { and, eq, sql } from 'drizzle-orm'
import type { Transaction } from '../database/database.ts'
import { brokerSession } from '../schema/broker.ts'

export interface SessionState {
  readonly brokerEpoch: number
  readonly hasExpired: boolean
}

/** A session of the epoch, from now on; replaces that of an earlier one. */
export async function beginSession(
  transaction: Transaction,
  session: { readonly brokerId: number; readonly brokerEpoch: number; readonly timeoutMs: number },
): Promise<void> {
  const { brokerId, brokerEpoch, timeoutMs } = session
  const expiresAt = afterNow(timeoutMs)
  await transaction
    .insert(brokerSession)
    .values({ brokerId, brokerEpoch, expiresAt })
    .onConflictDoUpdate({
      target: brokerSession.brokerId,
      set: { brokerEpoch, expiresAt, metadataVersion: 0 },
    })
}

/** False when the broker has no session of that epoch: a newer incarnation has registered. */
export async function renewSession(
  transaction: Transaction,
  session: {
    readonly brokerId: number
    readonly brokerEpoch: number
    readonly metadataVersion: number
    readonly timeoutMs: number
  },
): Promise<boolean> {
  const { brokerId, brokerEpoch, metadataVersion, timeoutMs } = session
  const renewed = await transaction
    .update(brokerSession)
    .set({ metadataVersion, expiresAt: afterNow(timeoutMs) })
    .where(and(eq(brokerSession.brokerId, brokerId), eq(brokerSession.brokerEpoch, brokerEpoch)))
    .returning({ brokerId: brokerSession.brokerId })
  return renewed.length > 0
}

/** Locks the session, so that a heartbeat under way is either seen or waits. */
export async function lockSession(
  transaction: Transaction,
  brokerId: number,
): Promise<SessionState | null> {
  const [row] = await transaction
    .select({
      brokerEpoch: brokerSession.brokerEpoch,
      hasExpired: sql<boolean>`${brokerSession.expiresAt} <= clock_timestamp()`,
    })
    .from(brokerSession)
    .where(eq(brokerSession.brokerId, brokerId))
    .for('update')
  return row ?? null
}

/**
 * By the database's clock, which all control planes share; `now()` would be the transaction's
 * start.
 */
function afterNow(timeoutMs: number) {
  return sql`clock_timestamp() + ${timeoutMs} * interval '1 millisecond'`
}
