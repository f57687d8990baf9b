import { BusError, limits, type TopicId } from '@courant/kernel'
import type { GatewayParts } from '../../gateway-parts.ts'
import { topicView } from '../../topics/topic-view.ts'

/**
 * The topic as it is once our copy has reached the change, so that callers read their own writes.
 */
export async function changedTopic(
  { metadata }: GatewayParts,
  id: TopicId,
  version: number,
): Promise<ReturnType<typeof topicView>> {
  const reached = await metadata.atLeast(version, limits.controlPlaneTimeoutMs)
  const topic = reached ? metadata.topicById(id) : null
  if (topic === null) {
    throw new BusError('TIMED_OUT', 'The change is made, but this gateway has not seen it yet.')
  }
  return topicView(topic, metadata)
}
