import { BusError } from '@courant/kernel'

/** For a process after which another one of the same id has registered. */
export function staleBrokerEpoch(): BusError {
  return new BusError('STALE_BROKER_EPOCH', 'This epoch of the broker is over. Register again.')
}
