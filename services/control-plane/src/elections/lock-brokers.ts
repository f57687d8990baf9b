import { asc, inArray } from 'drizzle-orm'
import type { Transaction } from '../database/database.ts'
import { type BrokerRow, broker } from '../schema/broker.ts'
import type { BrokerStates } from './decide-leadership.ts'

export type LockedBrokers = ReadonlyMap<number, BrokerRow>

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

export function statesOf(brokers: LockedBrokers): BrokerStates {
  return new Map([...brokers].map(([brokerId, { state }]) => [brokerId, state]))
}

/** Those that may get replicas and leaderships. */
export function recipientsOf(brokers: LockedBrokers): ReadonlySet<number> {
  const fit = [...brokers.values()].filter(
    ({ state, isEmptying }) => state === 'active' && !isEmptying,
  )
  return new Set(fit.map(({ brokerId }) => brokerId))
}
