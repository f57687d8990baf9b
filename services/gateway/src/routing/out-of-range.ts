import { BusError, type TopicId } from '@courant/kernel'
import type { Leaders } from './leaders.ts'
import { findOffset } from './partition-offsets.ts'

/** OFFSET_OUT_OF_RANGE with both ends of the log, so that a caller knows where it may go on. */
export async function outOfRange(
  leaders: Leaders,
  topicId: TopicId,
  partition: number,
  offset: number,
): Promise<BusError> {
  const [start, end] = await Promise.all([
    findOffset(leaders, topicId, partition, 'earliest'),
    findOffset(leaders, topicId, partition, 'latest'),
  ])
  const detail = `Offset ${offset} is outside the log, which has ${start.offset} to ${end.offset}.`
  return new BusError('OFFSET_OUT_OF_RANGE', detail, {
    extra: { logStartOffset: start.offset, highWatermark: end.offset },
  })
}
