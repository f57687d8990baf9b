import type { CreateTopicRequest, CreateTopicResponse } from '@courant/api/internal/v1/admin'
import { assert, BusError, limits, type Random } from '@courant/kernel'
import type { Cluster } from '../cluster.ts'
import { currentVersion } from '../database/current-version.ts'
import type { Transaction } from '../database/database.ts'
import type { PlacementBroker } from '../placement/place-replicas.ts'
import { type TopicRow, topic } from '../schema/topic.ts'
import { checkTenantId, requireTenant } from '../tenants/require-tenant.ts'
import { insertPartitions, lockActiveBrokers } from './new-partitions.ts'
import { checkPartitionCount, checkTopicName, findTopic, lockTopics } from './tenant-topics.ts'
import { normalSettings } from './topic-settings.ts'
import { topicWire } from './topic-wire.ts'

const REPLICATION_FACTOR_DEFAULT = 3

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
    await checkPartitionCount(transaction, { count: partitionCount, added: partitionCount })
    const brokers = await lockActiveBrokers(transaction)
    const replicationFactor = replicationFactorOf(request, brokers)
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

function refuseDifferent(known: TopicRow, request: CreateTopicRequest): void {
  const { replicationFactor } = request
  const settings = normalSettings(request.config, known.replicationFactor)
  const different = [
    partitionCountOf(request) === known.partitionCount ? null : 'partitions',
    replicationFactor === 0 || replicationFactor === known.replicationFactor
      ? null
      : 'replicationFactor',
    sameSettings(settings, known.config) ? null : 'config',
  ].filter((part) => part !== null)
  if (different.length === 0) return
  const detail = `A topic of that name exists with different ${different.join(' and ')}.`
  throw new BusError('TOPIC_ALREADY_EXISTS', detail)
}

function sameSettings(
  a: Readonly<Record<string, string>>,
  b: Readonly<Record<string, string>>,
): boolean {
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name])
}

function partitionCountOf({ partitionCount }: CreateTopicRequest): number {
  return partitionCount === 0 ? 1 : partitionCount
}

function replicationFactorOf(
  { replicationFactor }: CreateTopicRequest,
  brokers: readonly PlacementBroker[],
): number {
  if (brokers.length === 0) {
    throw new BusError('BROKER_UNAVAILABLE', 'No broker is active to take the partitions.', {
      retryAfterMs: limits.retryAfterMs,
    })
  }
  if (replicationFactor === 0) return Math.min(REPLICATION_FACTOR_DEFAULT, brokers.length)
  const most = Math.min(limits.replicationFactorMax, brokers.length)
  if (replicationFactor >= 1 && replicationFactor <= most) return replicationFactor
  const detail = `The replication factor is 1 to ${most} while ${brokers.length} brokers are active.`
  throw new BusError('INVALID_REPLICATION_FACTOR', detail, {
    violations: [{ pointer: '/replicationFactor', detail }],
  })
}
