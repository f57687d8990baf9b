import { BusError } from '@courant/kernel'
import type { Topic } from '@courant/metadata'

/** Throws PARTITION_NOT_FOUND. */
export function checkPartition(topic: Topic, partition: number): void {
  if (partition < topic.partitionCount) return
  const detail = `The topic has ${topic.partitionCount} partitions, counted from 0.`
  throw new BusError('PARTITION_NOT_FOUND', detail)
}
