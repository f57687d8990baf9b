import type { BrokerLogs } from '@courant/api/internal/v1/cluster'
import { topicId as asTopicId } from '@courant/kernel'
import type { MetadataCopy } from '@courant/metadata'

export interface TopicNames {
  readonly topic: string
  readonly tenant: string | null
}

/**
 * Of the topics that brokers have logs of, as this gateway still knows them: the copy forgets those
 * that are unknown to the database once it follows the new incarnation.
 */
export function topicNames(
  metadata: Pick<MetadataCopy, 'topicById' | 'tenant'>,
  brokers: readonly BrokerLogs[],
): ReadonlyMap<string, TopicNames> {
  const names = new Map<string, TopicNames>()
  for (const { topicId } of brokers.flatMap(({ logs }) => logs)) {
    if (names.has(topicId)) continue
    const topic = metadata.topicById(asTopicId(topicId))
    if (topic === null) continue
    const tenant = metadata.tenant(topic.tenantId)
    names.set(topicId, { topic: topic.name, tenant: tenant?.name ?? null })
  }
  return names
}
