/** What decisions read of the brokers that a transaction has locked. Pure. */
import type { BrokerRow } from '../schema/broker.ts'
import type { BrokerStates } from './decide-leadership.ts'

/** As they are until the transaction ends. */
export type LockedBrokers = ReadonlyMap<number, BrokerRow>

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
