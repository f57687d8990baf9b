import { BusError } from '@courant/kernel'

/** Made once: a request may name a quarter of a million partitions that are not there. */
const UNKNOWN_PARTITION = new BusError('PARTITION_NOT_FOUND', 'This broker has no such partition.')

export function unknownPartition(): BusError {
  return UNKNOWN_PARTITION
}
