import type { ApiKeyRow } from '../../../src/schema/api-key.ts'
import type { BrokerRow } from '../../../src/schema/broker.ts'
import type { ChangeKind } from '../../../src/schema/cluster.ts'
import type { PartitionRow } from '../../../src/schema/partition.ts'
import type { TenantRow } from '../../../src/schema/tenant.ts'
import type { TopicRow } from '../../../src/schema/topic.ts'
import { Table } from './table.ts'

export interface ClusterMetaRow {
  readonly clusterId: string
  readonly clusterIncarnation: number
  readonly metadataVersion: number
  readonly feedFloor: number
  readonly reassignmentBytesPerSecond: number
  readonly reportedIncarnation: number
  readonly reportedVersion: number
  /** The start of the server on which the brokers have been heard. */
  readonly confirmedServer: number
}

interface SessionRow {
  readonly brokerId: number
  readonly brokerEpoch: number
  readonly expiresAtMs: number
  readonly metadataVersion: number
  readonly heardServer: number | null
}

/** The version of the latest change of a thing. */
export interface ChangeRow {
  readonly kind: ChangeKind
  readonly key: string
  readonly version: number
  /** Null while the thing is there. */
  readonly deletedAtMs: number | null
}

interface TombstoneRow {
  readonly topicId: string
  readonly tenantId: string
  readonly name: string
}

interface ProducerIdBlockRow {
  readonly firstProducerId: number
  /** Null for the platform's own producers. */
  readonly tenantId: string | null
  readonly brokerId: number
}

/**
 * All rows of a control plane's database (migrations/0001_initial.sql) in memory. Of its
 * constraints it has those that operations rely on.
 */
export interface ClusterState {
  readonly meta: Table<typeof ONLY_ROW, ClusterMetaRow>
  readonly brokers: Table<number, BrokerRow>
  readonly sessions: Table<number, SessionRow>
  readonly tenants: Table<string, TenantRow>
  readonly apiKeys: Table<string, ApiKeyRow>
  readonly topics: Table<string, TopicRow>
  readonly tombstones: Table<string, TombstoneRow>
  /** By `partitionKey`. */
  readonly partitions: Table<string, PartitionRow>
  /** By `<kind>/<key>`. */
  readonly changes: Table<string, ChangeRow>
  readonly producerIdBlocks: Table<number, ProducerIdBlockRow>
}

/** The start of the server on which the migrations have run. */
export const FIRST_SERVER = 0

export const ONLY_ROW = 'only row'

/** The database after its migrations. */
export function newCluster(clusterId: string): ClusterState {
  const meta: ClusterMetaRow = {
    clusterId,
    clusterIncarnation: 1,
    metadataVersion: 1,
    feedFloor: 1,
    reassignmentBytesPerSecond: 0,
    reportedIncarnation: 0,
    reportedVersion: 0,
    confirmedServer: FIRST_SERVER,
  }
  return {
    meta: new Table([[ONLY_ROW, meta]]),
    brokers: new Table(),
    sessions: new Table(),
    tenants: new Table(),
    apiKeys: new Table(),
    topics: new Table(),
    tombstones: new Table(),
    partitions: new Table(),
    changes: new Table(),
    producerIdBlocks: new Table(),
  }
}

/** As from a backup: later changes of one do not show in the other. */
export function copyOf(state: ClusterState): ClusterState {
  return {
    meta: state.meta.copy(),
    brokers: state.brokers.copy(),
    sessions: state.sessions.copy(),
    tenants: state.tenants.copy(),
    apiKeys: state.apiKeys.copy(),
    topics: state.topics.copy(),
    tombstones: state.tombstones.copy(),
    partitions: state.partitions.copy(),
    changes: state.changes.copy(),
    producerIdBlocks: state.producerIdBlocks.copy(),
  }
}

/** The database is restored: all of it is what it was when the copy was made. */
export function restore(state: ClusterState, copy: ClusterState): void {
  state.meta.become(copy.meta)
  state.brokers.become(copy.brokers)
  state.sessions.become(copy.sessions)
  state.tenants.become(copy.tenants)
  state.apiKeys.become(copy.apiKeys)
  state.topics.become(copy.topics)
  state.tombstones.become(copy.tombstones)
  state.partitions.become(copy.partitions)
  state.changes.become(copy.changes)
  state.producerIdBlocks.become(copy.producerIdBlocks)
}
