/** Whether a broker may be forgotten. Pure. */
import { BusError } from '@courant/kernel'
import type { BrokerRow } from '../schema/broker.ts'
import { brokerNotFound } from './broker-not-found.ts'
import type { SessionState } from './broker-session.ts'

/** Throws BROKER_NOT_FOUND, or BROKER_IN_USE while a process of it may run. */
export function refuseAlive(row: BrokerRow | null, session: SessionState | null): void {
  if (row === null) throw brokerNotFound()
  if (row.state === 'fenced' && session?.hasExpired !== false) return
  const detail = 'The broker is alive, or was a moment ago: stop it, and wait until it is fenced.'
  throw new BusError('BROKER_IN_USE', detail)
}

/** `held`: partitions with a replica on it. Throws BROKER_IN_USE. */
export function refuseReplicas(held: number): void {
  if (held === 0) return
  const detail = `The broker has replicas of ${held} partitions. Drain it first.`
  throw new BusError('BROKER_IN_USE', detail)
}
