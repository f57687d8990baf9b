import { BusError } from '@courant/kernel'

export function brokerNotFound(): BusError {
  return new BusError('BROKER_NOT_FOUND', 'There is no such broker.')
}
