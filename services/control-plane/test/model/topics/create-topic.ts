import type { CreateTopicRequest, CreateTopicResponse } from '@courant/api/internal/v1/admin'
import type { Random } from '@courant/kernel'
import type { TopicRow } from '../../../src/schema/topic.ts'
import { checkTenantId, tenantNotFound } from '../../../src/tenants/tenant-id.ts'
import {
  checkPartitionCount,
  checkTopicName,
  partitionCountOf,
  refuseDifferent,
  replicationFactorOf,
} from '../../../src/topics/judge-topic.ts'
import { newPartitions } from '../../../src/topics/new-partitions.ts'
import { normalSettings } from '../../../src/topics/topic-settings.ts'
import { topicWire } from '../../../src/topics/topic-wire.ts'
import type { ModelCluster } from '../database/model-cluster.ts'
import {
  currentVersion,
  type Transaction,
  transaction,
  type Work,
} from '../database/transaction.ts'
import { writePartitions } from '../elections/partitions.ts'
import { activeBrokers, countPartitions, findTopic } from './tenant-topics.ts'

export function* createTopic(
  { cluster, random }: { readonly cluster: ModelCluster; readonly random: Random },
  request: CreateTopicRequest,
): Work<CreateTopicResponse> {
  checkTenantId(request.tenantId)
  checkTopicName(request.name)
  const topicId = random.uuid()
  return yield* transaction((within) => {
    if (!within.state.tenants.has(request.tenantId)) throw tenantNotFound()
    const known = findTopic(within, request.tenantId, request.name)
    return known === null
      ? create(cluster, within, request, topicId)
      : existing(within, known, request, topicId)
  }, 'repeat')
}

function create(
  cluster: ModelCluster,
  within: Transaction,
  request: CreateTopicRequest,
  topicId: string,
): CreateTopicResponse {
  const { tenantId, name } = request
  const partitionCount = partitionCountOf(request)
  const total = countPartitions(within, tenantId)
  checkPartitionCount({ count: partitionCount, added: partitionCount, total })
  const brokers = activeBrokers(within)
  const replicationFactor = replicationFactorOf(request, brokers.length)
  const config = normalSettings(request.config, replicationFactor)
  const createdAt = new Date(within.nowMs)
  const row = { topicId, tenantId, name, partitionCount, replicationFactor, config, createdAt }
  within.state.topics.set(topicId, row)
  const partitions = writePartitions(within, newPartitions(row, brokers, []))
  const changes = [{ kind: 'topic', key: topicId } as const, ...partitions]
  const metadataVersion = cluster.record(within, changes)
  return { topic: topicWire(row), created: true, metadataVersion }
}

/** A topic that an earlier attempt of this very call made counts as created by it. */
function existing(
  within: Transaction,
  known: TopicRow,
  request: CreateTopicRequest,
  topicId: string,
): CreateTopicResponse {
  const created = known.topicId === topicId
  if (!created) refuseDifferent(known, request)
  return { topic: topicWire(known), created, metadataVersion: currentVersion(within) }
}
