import { BusError, limits } from '@courant/kernel'
import type { PartitionRow } from '../schema/partition.ts'

/** Which partition, whatever its state. */
export type PartitionName = Pick<PartitionRow, 'topicId' | 'partition'>

/** As in the feed. */
export function partitionKey({ topicId, partition: index }: PartitionName): string {
  return `${topicId}/${index}`
}

/** Throws INVALID_ARGUMENT when one transaction would lock too many. */
export function checkNamedPartitions(named: readonly PartitionName[]): void {
  const max = limits.electionsPerTransactionMax
  if (named.length <= max) return
  throw new BusError('INVALID_ARGUMENT', `At most ${max} partitions are named in one call.`)
}
