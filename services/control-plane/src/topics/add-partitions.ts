import type { AddPartitionsRequest, AddPartitionsResponse } from '@courant/api/internal/v1/admin'
import { asc, eq } from 'drizzle-orm'
import type { Cluster } from '../cluster.ts'
import { currentVersion } from '../database/current-version.ts'
import type { Transaction } from '../database/database.ts'
import { partition } from '../schema/partition.ts'
import { topic } from '../schema/topic.ts'
import { checkTenantId } from '../tenants/tenant-id.ts'
import { insertPartitions, lockActiveBrokers } from './insert-partitions.ts'
import { addedPartitions, checkActiveBrokers, checkPartitionCount } from './judge-topic.ts'
import { countPartitions, lockTopics, requireTopic } from './tenant-topics.ts'
import { topicWire } from './topic-wire.ts'

/** To a new total. Equal to the present total it changes nothing; fewer is refused. */
export async function addPartitions(
  cluster: Cluster,
  { tenantId, name, partitionCount }: AddPartitionsRequest,
  signal: AbortSignal,
): Promise<AddPartitionsResponse> {
  checkTenantId(tenantId)
  const work = async (transaction: Transaction): Promise<AddPartitionsResponse> => {
    await lockTopics(transaction, tenantId)
    const before = await requireTopic(transaction, name)
    const added = addedPartitions(before, partitionCount)
    if (added === 0) {
      const metadataVersion = await currentVersion(transaction)
      return { topic: topicWire(before), metadataVersion }
    }
    const total = await countPartitions(transaction)
    checkPartitionCount({ count: partitionCount, added, total })
    const brokers = await lockActiveBrokers(transaction)
    checkActiveBrokers(before, brokers.length)
    const existing = await transaction
      .select()
      .from(partition)
      .where(eq(partition.topicId, before.topicId))
      .orderBy(asc(partition.partition))
    const after = { ...before, partitionCount }
    await transaction.update(topic).set({ partitionCount }).where(eq(topic.topicId, before.topicId))
    const partitions = await insertPartitions(transaction, after, brokers, existing)
    const changes = [{ kind: 'topic', key: before.topicId } as const, ...partitions]
    return { topic: topicWire(after), metadataVersion: await cluster.record(transaction, changes) }
  }
  return cluster.database.tenant(tenantId, work, { signal, onLostCommit: 'repeat' })
}
