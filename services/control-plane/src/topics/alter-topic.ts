import type { AlterTopicRequest, AlterTopicResponse } from '@courant/api/internal/v1/admin'
import { eq, sql } from 'drizzle-orm'
import type { Cluster } from '../cluster.ts'
import { currentVersion } from '../database/current-version.ts'
import type { Transaction } from '../database/database.ts'
import type { Change } from '../database/record-changes.ts'
import { lockPartitions } from '../elections/lock-partitions.ts'
import { partition } from '../schema/partition.ts'
import { topic } from '../schema/topic.ts'
import { checkTenantId } from '../tenants/require-tenant.ts'
import { lockTopics, requireTopic } from './tenant-topics.ts'
import { alteredSettings, minIsrOf } from './topic-settings.ts'
import { topicWire } from './topic-wire.ts'

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
    if (sortedText(config) === sortedText(before.config)) {
      return { topic: topicWire(before), metadataVersion: await currentVersion(transaction) }
    }
    const partitions = await setMinIsr(transaction, before.topicId, minIsrOf(config))
    await transaction.update(topic).set({ config }).where(eq(topic.topicId, before.topicId))
    const changes = [{ kind: 'topic', key: before.topicId } as const, ...partitions]
    return { topic: topicWire(after), metadataVersion: await cluster.record(transaction, changes) }
  }
  return cluster.database.tenant(tenantId, work, { signal, onLostCommit: 'repeat' })
}

/** jsonb keeps no order of its own. */
function sortedText(settings: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(settings).sort())
}

/**
 * The minimum is part of a partition's state and moves with its epoch (B3.4): a leader that still
 * holds a lower one could otherwise acknowledge alone what an election then takes for incomplete.
 * Where the in-sync replicas now suffice, nobody else is eligible (KIP-966).
 */
async function setMinIsr(
  transaction: Transaction,
  topicId: string,
  minIsr: number,
): Promise<Change[]> {
  const suffices = sql`cardinality(${partition.inSyncReplicas}) >= ${minIsr}`
  const concerned = sql`${partition.topicId} = ${topicId} AND ${partition.effectiveMinIsr} <> ${minIsr}`
  await lockPartitions(transaction, concerned)
  const changed = await transaction
    .update(partition)
    .set({
      effectiveMinIsr: minIsr,
      partitionEpoch: sql`${partition.partitionEpoch} + 1`,
      eligibleReplicas: sql`CASE WHEN ${suffices} THEN '{}' ELSE ${partition.eligibleReplicas} END`,
      lastKnownEligibleReplicas: sql`CASE WHEN ${suffices} THEN '{}'
        ELSE ${partition.lastKnownEligibleReplicas} END`,
    })
    .where(concerned)
    .returning({ partition: partition.partition })
  return changed.map((row) => ({ kind: 'partition', key: `${topicId}/${row.partition}` }))
}
