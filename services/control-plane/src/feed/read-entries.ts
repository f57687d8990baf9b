/**
 * The rows of the feed as they are sent: every thing that changed after a version, in its newest
 * state.
 */
import type { MetadataEntry } from '@courant/api/internal/v1/metadata'
import { and, eq, gt, isNotNull, type SQL, sql } from 'drizzle-orm'
import { apiKeyWire } from '../api-keys/api-key-wire.ts'
import { brokerWire } from '../brokers/broker-wire.ts'
import type { Transaction } from '../database/database.ts'
import { apiKey } from '../schema/api-key.ts'
import { broker } from '../schema/broker.ts'
import { type ChangeKind, clusterMeta, metadataChange } from '../schema/cluster.ts'
import { partition } from '../schema/partition.ts'
import { tenant } from '../schema/tenant.ts'
import { topic } from '../schema/topic.ts'
import { tenantWire } from '../tenants/tenant-wire.ts'
import { partitionWire, topicWire } from '../topics/topic-wire.ts'

/** An entry and the kind of thing that it is about, also when that is gone. */
export interface FeedEntry {
  readonly kind: ChangeKind
  readonly entry: MetadataEntry
}

/**
 * In an order that a receiver can apply: what is gone first (a name may be in use again),
 * partitions after their topics. Needs a transaction that sees one state, or things could be
 * missing that changed between two of its queries.
 */
export async function readEntries(transaction: Transaction, since: number): Promise<FeedEntry[]> {
  return [
    ...(await readDeletions(transaction, since)),
    ...(await readTenants(transaction, since)),
    ...(await readApiKeys(transaction, since)),
    ...(await readBrokers(transaction, since)),
    ...(await readTopics(transaction, since)),
    ...(await readPartitions(transaction, since)),
  ]
}

const { kind, key, version, deletedAt } = metadataChange

async function readDeletions(transaction: Transaction, since: number): Promise<FeedEntry[]> {
  const rows = await transaction
    .select()
    .from(metadataChange)
    .where(and(gt(version, since), isNotNull(deletedAt)))
  return rows.map((row) => ({
    kind: row.kind,
    entry: {
      version: row.version,
      key: row.key,
      value: { $case: 'deleted', value: { kind: row.kind } },
    },
  }))
}

async function readTenants(transaction: Transaction, since: number): Promise<FeedEntry[]> {
  const rows = await transaction
    .select({ version, key, row: tenant })
    .from(metadataChange)
    .innerJoin(tenant, sql`${tenant.tenantId} = ${key}::uuid`)
    .where(changed('tenant', since))
  return rows.map(({ row, ...head }) => ({
    kind: 'tenant',
    entry: { ...head, value: { $case: 'tenant', value: tenantWire(row) } },
  }))
}

async function readApiKeys(transaction: Transaction, since: number): Promise<FeedEntry[]> {
  const rows = await transaction
    .select({ version, key, row: apiKey })
    .from(metadataChange)
    .innerJoin(apiKey, eq(apiKey.keyId, key))
    .where(changed('api_key', since))
  return rows.map(({ row, ...head }) => ({
    kind: 'api_key',
    entry: { ...head, value: { $case: 'apiKey', value: apiKeyWire(row) } },
  }))
}

async function readBrokers(transaction: Transaction, since: number): Promise<FeedEntry[]> {
  const rows = await transaction
    .select({ version, key, row: broker, throttle: clusterMeta.reassignmentBytesPerSecond })
    .from(metadataChange)
    .innerJoin(broker, sql`${broker.brokerId} = ${key}::integer`)
    .innerJoin(clusterMeta, sql`true`)
    .where(changed('broker', since))
  return rows.map(({ row, throttle, ...head }) => ({
    kind: 'broker',
    entry: { ...head, value: { $case: 'broker', value: brokerWire(row, throttle) } },
  }))
}

async function readTopics(transaction: Transaction, since: number): Promise<FeedEntry[]> {
  const rows = await transaction
    .select({ version, key, row: topic })
    .from(metadataChange)
    .innerJoin(topic, sql`${topic.topicId} = ${key}::uuid`)
    .where(changed('topic', since))
  return rows.map(({ row, ...head }) => ({
    kind: 'topic',
    entry: { ...head, value: { $case: 'topic', value: topicWire(row) } },
  }))
}

async function readPartitions(transaction: Transaction, since: number): Promise<FeedEntry[]> {
  const rows = await transaction
    .select({ version, key, row: partition })
    .from(metadataChange)
    .innerJoin(
      partition,
      sql`${partition.topicId} = split_part(${key}, '/', 1)::uuid
        AND ${partition.partition} = split_part(${key}, '/', 2)::integer`,
    )
    .where(changed('partition', since))
  return rows.map(({ row, ...head }) => ({
    kind: 'partition',
    entry: { ...head, value: { $case: 'partition', value: partitionWire(row) } },
  }))
}

function changed(of: ChangeKind, since: number): SQL | undefined {
  return and(eq(kind, of), gt(version, since))
}
