import type { Topic as WireTopic } from '@courant/api/internal/v1/metadata'
import { decodeTopicConfig, tenantId, topicId } from '@courant/kernel'
import type { Topic } from '@courant/metadata'

/**
 * A topic as the control plane answers it, for the time before our copy of the metadata has it.
 * `version` is that of the answer.
 */
export function topicOfAnswer(wire: WireTopic, version: number): Topic {
  return {
    topicId: topicId(wire.topicId),
    tenantId: tenantId(wire.tenantId),
    name: wire.name,
    partitionCount: wire.partitionCount,
    replicationFactor: wire.replicationFactor,
    config: decodeTopicConfig(wire.config),
    settings: wire.config,
    createdAtMs: wire.createdAtMs,
    version,
  }
}
