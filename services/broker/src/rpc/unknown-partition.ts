import { BusError } from '@courant/kernel'

export function unknownPartition(): BusError {
  return new BusError('PARTITION_NOT_FOUND', 'This broker has no such partition.')
}
