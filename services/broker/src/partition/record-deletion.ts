import { BusError, type Offset } from '@courant/kernel'
import type { Partition } from './partition.ts'

/**
 * Deletes what lies below `offset` in a partition that leads; resolves with the new start when that
 * is durable on every in-sync replica: none of them can become the leader and show the records
 * again (reliability B5.9).
 */
export async function deleteRecords(
  partition: Partition,
  offset: Offset | 'highWatermark',
): Promise<Offset> {
  const leadership = partition.requireLeadership()
  const { log } = leadership
  const { logStartOffset, highWatermark } = log
  const start = offset === 'highWatermark' ? highWatermark : offset
  if (start < 0 || start > highWatermark) {
    throw new BusError('OFFSET_OUT_OF_RANGE', `The high watermark is ${highWatermark}.`, {
      extra: { logStartOffset, highWatermark },
    })
  }
  await log.advanceLogStart(start)
  partition.requireLeadership().checkEpoch(leadership.epoch)
  partition.tellLogStart()
  await leadership.untilDeleted(start)
  return log.logStartOffset
}
