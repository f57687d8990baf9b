/**
 * What a copy of the metadata holds: plain immutable values, one for each live row of the control
 * plane.
 */
import type {
  BrokerId,
  LeaderEpoch,
  PartitionIndex,
  TenantId,
  TopicConfig,
  TopicId,
} from '@courant/kernel'

interface Versioned {
  /** Metadata version of the transaction that wrote this state. */
  readonly version: number
}

export interface Tenant extends Versioned {
  readonly tenantId: TenantId
  readonly name: string
  readonly createdAtMs: number
}

export interface ApiKey extends Versioned {
  readonly keyId: string
  /** Null for a key of a platform operator. */
  readonly tenantId: TenantId | null
  readonly name: string
  readonly scope: 'tenantAdmin' | 'operator'
  /** SHA-256 of the secret part as ASCII. */
  readonly secretSha256: Buffer
  readonly createdAtMs: number
  /** Null: never. */
  readonly expiresAtMs: number | null
}

export interface Topic extends Versioned {
  readonly topicId: TopicId
  readonly tenantId: TenantId
  readonly name: string
  readonly partitionCount: number
  readonly replicationFactor: number
  /** Settings with their defaults filled in. Topics with equal settings share one object. */
  readonly config: TopicConfig
  /** What differs from the defaults, under Kafka's names; shared likewise. */
  readonly settings: Readonly<Record<string, string>>
  readonly createdAtMs: number
}

export interface Partition extends Versioned {
  readonly topicId: TopicId
  readonly partition: PartitionIndex
  /** Preferred leader first. */
  readonly replicas: readonly BrokerId[]
  readonly inSyncReplicas: readonly BrokerId[]
  /** Null: no leader. */
  readonly leader: BrokerId | null
  readonly leaderEpoch: LeaderEpoch
  readonly partitionEpoch: number
  readonly effectiveMinIsr: number
  /** Not in sync, and have every acknowledged record nevertheless (KIP-966). */
  readonly eligibleReplicas: readonly BrokerId[]
  /** The latest term whose leader may have lacked acknowledged records; 0: there was none. */
  readonly lastUncleanLeaderEpoch: LeaderEpoch
  /** While the partition moves: those that have to catch up, and those that leave it then. */
  readonly addingReplicas: readonly BrokerId[]
  readonly removingReplicas: readonly BrokerId[]
}

export interface Broker extends Versioned {
  readonly brokerId: BrokerId
  /** One process uptime of that broker; larger than all earlier ones in the cluster. */
  readonly brokerEpoch: number
  readonly host: string
  readonly port: number
  readonly rack: string
  readonly state: 'fenced' | 'active' | 'draining'
  /** The most that it fetches for partitions that are being added to it; 0 for no limit. */
  readonly reassignmentBytesPerSecond: number
}

/** One difference between two states of a copy. */
export type MetadataEvent =
  | { readonly kind: 'tenant'; readonly tenant: Tenant }
  | { readonly kind: 'tenantDeleted'; readonly tenantId: TenantId }
  | { readonly kind: 'apiKey'; readonly apiKey: ApiKey }
  | { readonly kind: 'apiKeyDeleted'; readonly keyId: string }
  | { readonly kind: 'topic'; readonly topic: Topic }
  /**
   * By a tombstone at `version`: the partitions are gone with it, and only this allows to delete
   * data.
   */
  | { readonly kind: 'topicDeleted'; readonly topicId: TopicId; readonly version: number }
  /** The topic vanished without a tombstone. Its data must be kept (reliability B1.3). */
  | { readonly kind: 'topicMissing'; readonly topicId: TopicId }
  | { readonly kind: 'partition'; readonly partition: Partition }
  | { readonly kind: 'broker'; readonly broker: Broker }
  | { readonly kind: 'brokerDeleted'; readonly brokerId: BrokerId }
