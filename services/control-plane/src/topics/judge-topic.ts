/** What a topic can be like, and whether a wish for one is met by one that exists. Pure. */
import type { CreateTopicRequest } from '@courant/api/internal/v1/admin'
import { BusError, limits, topicNameProblem } from '@courant/kernel'
import type { TopicRow } from '../schema/topic.ts'
import { normalSettings, sameSettings } from './topic-settings.ts'

const REPLICATION_FACTOR_DEFAULT = 3

/** Throws INVALID_TOPIC_NAME. */
export function checkTopicName(name: string): void {
  const detail = topicNameProblem(name)
  if (detail === null) return
  throw new BusError('INVALID_TOPIC_NAME', detail, { violations: [{ pointer: '/name', detail }] })
}

export function partitionCountOf({ partitionCount }: CreateTopicRequest): number {
  return partitionCount === 0 ? 1 : partitionCount
}

/** Of a new topic. Throws BROKER_UNAVAILABLE, INVALID_REPLICATION_FACTOR. */
export function replicationFactorOf(
  { replicationFactor }: CreateTopicRequest,
  activeBrokers: number,
): number {
  if (activeBrokers === 0) {
    throw new BusError('BROKER_UNAVAILABLE', 'No broker is active to take the partitions.', {
      retryAfterMs: limits.retryAfterMs,
    })
  }
  if (replicationFactor === 0) return Math.min(REPLICATION_FACTOR_DEFAULT, activeBrokers)
  const most = Math.min(limits.replicationFactorMax, activeBrokers)
  if (replicationFactor >= 1 && replicationFactor <= most) return replicationFactor
  const detail = `The replication factor is 1 to ${most} while ${activeBrokers} brokers are active.`
  throw new BusError('INVALID_REPLICATION_FACTOR', detail, {
    violations: [{ pointer: '/replicationFactor', detail }],
  })
}

/** Throws TOPIC_ALREADY_EXISTS when the known topic is not what is asked for. */
export function refuseDifferent(known: TopicRow, request: CreateTopicRequest): void {
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

/** How many partitions a topic gets to have `count`. Throws INVALID_PARTITIONS for fewer. */
export function addedPartitions(before: TopicRow, count: number): number {
  const added = count - before.partitionCount
  if (added >= 0) return added
  throw invalidPartitions(`The topic has ${before.partitionCount} partitions already.`)
}

/**
 * `total`: partitions that the tenant has. Throws INVALID_PARTITIONS when a topic cannot have so
 * many, or the tenant with it too many.
 */
export function checkPartitionCount({
  count,
  added,
  total,
}: Readonly<Record<'count' | 'added' | 'total', number>>): void {
  const { partitionsPerTopicMax, partitionsPerTenantMax } = limits
  if (count < 1 || count > partitionsPerTopicMax) {
    throw invalidPartitions(`A topic has 1 to ${partitionsPerTopicMax} partitions.`)
  }
  if (total + added > partitionsPerTenantMax) {
    throw invalidPartitions(`A tenant has at most ${partitionsPerTenantMax} partitions in all.`)
  }
}

/** Of more partitions of a topic. Throws BROKER_UNAVAILABLE. */
export function checkActiveBrokers({ replicationFactor }: TopicRow, activeBrokers: number): void {
  if (activeBrokers >= replicationFactor) return
  throw new BusError('BROKER_UNAVAILABLE', 'Too few brokers are active for more replicas.', {
    retryAfterMs: limits.retryAfterMs,
  })
}

function invalidPartitions(detail: string): BusError {
  return new BusError('INVALID_PARTITIONS', detail, {
    violations: [{ pointer: '/partitions', detail }],
  })
}
