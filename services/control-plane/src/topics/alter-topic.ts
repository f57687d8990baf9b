import type { AlterTopicRequest, AlterTopicResponse } from '@courant/api/internal/v1/admin'
import { and, eq, ne } from 'drizzle-orm'
import type { Cluster } from '../cluster.ts'
import { currentVersion } from '../database/current-version.ts'
import type { Transaction } from '../database/database.ts'
import type { Change } from '../database/record-changes.ts'
import { lockPartitions } from '../elections/lock-partitions.ts'
import { writePartitions } from '../elections/write-partitions.ts'
import { partition } from '../schema/partition.ts'
import { topic } from '../schema/topic.ts'
import { checkTenantId } from '../tenants/tenant-id.ts'
import { lockTopics, requireTopic } from './tenant-topics.ts'
import { alteredSettings, minIsrOf, sameSettings } from './topic-settings.ts'
import { topicWire } from './topic-wire.ts'
import { withMinIsr } from './with-min-isr.ts'

/** Sets some settings and returns others to their default. The second time changes nothing. */
export async function alterTopic(
  cluster: Cluster,
  { tenantId, name, set, reset }: AlterTopicRequest,
  signal: AbortSignal,
): Promise<AlterTopicResponse> {
  checkTenantId(tenantId)
  const work = async (transaction: Transaction): Promise<AlterTopicResponse> => {
    await lockTopics(transaction, tenantId)
    const before = await requireTopic(transaction, name)
    const config = alteredSettings(before.config, { set, reset }, before.replicationFactor)
    const after = { ...before, config }
    if (sameSettings(config, before.config)) {
      return { topic: topicWire(before), metadataVersion: await currentVersion(transaction) }
    }
    const partitions = await setMinIsr(transaction, before.topicId, minIsrOf(config))
    await transaction.update(topic).set({ config }).where(eq(topic.topicId, before.topicId))
    const changes = [{ kind: 'topic', key: before.topicId } as const, ...partitions]
    return { topic: topicWire(after), metadataVersion: await cluster.record(transaction, changes) }
  }
  return cluster.database.tenant(tenantId, work, { signal, onLostCommit: 'repeat' })
}

async function setMinIsr(
  transaction: Transaction,
  topicId: string,
  minIsr: number,
): Promise<Change[]> {
  const concerned = and(eq(partition.topicId, topicId), ne(partition.effectiveMinIsr, minIsr))
  const rows = await lockPartitions(transaction, concerned)
  return writePartitions(
    transaction,
    rows.map((row) => withMinIsr(row, minIsr)),
  )
}
