import type { CreateTopicRequest, CreateTopicResponse } from '@courant/api/internal/v1/admin'
import { assert, type Random } from '@courant/kernel'
import type { Cluster } from '../cluster.ts'
import { currentVersion } from '../database/current-version.ts'
import type { Transaction } from '../database/database.ts'
import { type TopicRow, topic } from '../schema/topic.ts'
import { requireTenant } from '../tenants/require-tenant.ts'
import { checkTenantId } from '../tenants/tenant-id.ts'
import { insertPartitions, lockActiveBrokers } from './insert-partitions.ts'
import {
  checkPartitionCount,
  checkTopicName,
  partitionCountOf,
  refuseDifferent,
  replicationFactorOf,
} from './judge-topic.ts'
import { countPartitions, findTopic, lockTopics } from './tenant-topics.ts'
import { normalSettings } from './topic-settings.ts'
import { topicWire } from './topic-wire.ts'

/** Idempotent: an equal repeat answers the topic with `created` false, a different one fails. */
export async function createTopic(
  { cluster, random }: { readonly cluster: Cluster; readonly random: Random },
  request: CreateTopicRequest,
  signal: AbortSignal,
): Promise<CreateTopicResponse> {
  checkTenantId(request.tenantId)
  checkTopicName(request.name)
  const topicId = random.uuid()
  const work = async (transaction: Transaction): Promise<CreateTopicResponse> => {
    await requireTenant(transaction)
    await lockTopics(transaction, request.tenantId)
    const known = await findTopic(transaction, request.name)
    if (known !== null) return existing(transaction, known)
    const partitionCount = partitionCountOf(request)
    const total = await countPartitions(transaction)
    checkPartitionCount({ count: partitionCount, added: partitionCount, total })
    const brokers = await lockActiveBrokers(transaction)
    const replicationFactor = replicationFactorOf(request, brokers.length)
    const [row] = await transaction
      .insert(topic)
      .values({
        topicId,
        tenantId: request.tenantId,
        name: request.name,
        partitionCount,
        replicationFactor,
        config: normalSettings(request.config, replicationFactor),
      })
      .returning()
    assert(row !== undefined, 'an inserted row is returned')
    const partitions = await insertPartitions(transaction, row, brokers, [])
    const changes = [{ kind: 'topic', key: topicId } as const, ...partitions]
    const metadataVersion = await cluster.record(transaction, changes)
    return { topic: topicWire(row), created: true, metadataVersion }
  }

  /** A topic that an earlier attempt of this very call made counts as created by it. */
  async function existing(transaction: Transaction, known: TopicRow): Promise<CreateTopicResponse> {
    const created = known.topicId === topicId
    if (!created) refuseDifferent(known, request)
    const metadataVersion = await currentVersion(transaction)
    return { topic: topicWire(known), created, metadataVersion }
  }

  return cluster.database.tenant(request.tenantId, work, { signal, onLostCommit: 'repeat' })
}
