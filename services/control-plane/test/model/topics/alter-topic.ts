import type { AlterTopicRequest, AlterTopicResponse } from '@courant/api/internal/v1/admin'
import { checkTenantId } from '../../../src/tenants/tenant-id.ts'
import { alteredSettings, minIsrOf, sameSettings } from '../../../src/topics/topic-settings.ts'
import { topicWire } from '../../../src/topics/topic-wire.ts'
import { withMinIsr } from '../../../src/topics/with-min-isr.ts'
import type { ModelCluster } from '../database/model-cluster.ts'
import { currentVersion, transaction, type Work } from '../database/transaction.ts'
import { partitionsWhere, writePartitions } from '../elections/partitions.ts'
import { requireTopic } from './tenant-topics.ts'

export function* alterTopic(
  cluster: ModelCluster,
  { tenantId, name, set, reset }: AlterTopicRequest,
): Work<AlterTopicResponse> {
  checkTenantId(tenantId)
  return yield* transaction((within) => {
    const before = requireTopic(within, tenantId, name)
    const config = alteredSettings(before.config, { set, reset }, before.replicationFactor)
    if (sameSettings(config, before.config)) {
      return { topic: topicWire(before), metadataVersion: currentVersion(within) }
    }
    const after = { ...before, config }
    const { topicId } = before
    const minIsr = minIsrOf(config)
    const rows = partitionsWhere(
      within,
      (row) => row.topicId === topicId && row.effectiveMinIsr !== minIsr,
    )
    const partitions = writePartitions(
      within,
      rows.map((row) => withMinIsr(row, minIsr)),
    )
    within.state.topics.set(topicId, after)
    const changes = [{ kind: 'topic', key: topicId } as const, ...partitions]
    return { topic: topicWire(after), metadataVersion: cluster.record(within, changes) }
  }, 'repeat')
}
