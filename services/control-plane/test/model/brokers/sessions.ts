import type { SessionState } from '../../../src/brokers/broker-session.ts'
import type { SessionReading } from '../../../src/brokers/silence-watch.ts'
import type { Transaction } from '../database/transaction.ts'

/** What a session is worth at this moment. */
export function sessionOf({ state, nowMs }: Transaction, brokerId: number): SessionState | null {
  const row = state.sessions.get(brokerId)
  if (row === undefined) return null
  return { brokerEpoch: row.brokerEpoch, hasExpired: row.expiresAtMs <= nowMs }
}

/** A session of the epoch, from now on; replaces that of an earlier one. */
export function beginSession(
  { state, nowMs }: Transaction,
  session: { readonly brokerId: number; readonly brokerEpoch: number; readonly timeoutMs: number },
): void {
  const { brokerId, brokerEpoch, timeoutMs } = session
  const expiresAtMs = nowMs + timeoutMs
  const heardServer = state.sessions.get(brokerId)?.heardServer ?? null
  const renewed = { brokerId, brokerEpoch, expiresAtMs, metadataVersion: 0, heardServer }
  state.sessions.set(brokerId, renewed)
}

/** Of brokers that are not fenced. */
export function readSessions({ state, nowMs }: Transaction): SessionReading[] {
  return [...state.sessions.values()]
    .filter(({ brokerId }) => (state.brokers.get(brokerId)?.state ?? 'fenced') !== 'fenced')
    .sort((a, b) => a.brokerId - b.brokerId)
    .map(({ brokerId, brokerEpoch, expiresAtMs }) => ({
      brokerId,
      brokerEpoch,
      expiresAt: String(expiresAtMs),
      hasExpired: expiresAtMs <= nowMs,
    }))
}
