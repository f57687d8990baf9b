import type { ErrorCode, MetadataPosition } from '@courant/kernel'
import type { ClusterIdentity, MetadataCopy } from '@courant/metadata'
import type { PartitionRow } from '@courant/replication'

/** What a broker tells about itself when its process starts. */
export interface Registration {
  readonly brokerId: number
  /** Random for each attempt to become this broker; a repeat of a lost call carries the same. */
  readonly incarnationId: string
  /** Empty for a data directory that belongs to no cluster yet. */
  readonly clusterId: string
  readonly directoryId: string
  readonly host: string
  readonly port: number
  readonly rack: string
  /** The epoch in which this directory was last written; 0 for a new one. */
  readonly previousBrokerEpoch: number
  /** Recovery found everything that was acknowledged (amendment 1 of the reliability rules). */
  readonly intact: boolean
  /** The newest metadata that this directory or its process knows of (B1.2). */
  readonly seen: MetadataPosition
}

export interface Registered {
  readonly clusterId: string
  readonly brokerEpoch: number
  /** What the copy of the metadata must have reached before this broker may lead. */
  readonly metadataVersion: number
  readonly sessionTimeoutMs: number
}

export interface Heartbeat {
  readonly brokerId: number
  readonly brokerEpoch: number
  readonly metadataVersion: number
  readonly storageOffline: boolean
  readonly wantShutdown: boolean
  readonly ready: boolean
  readonly seen: MetadataPosition
}

export interface HeartbeatAnswer {
  readonly state: 'fenced' | 'active' | 'draining'
  /** Nothing is led here any more. */
  readonly mayStop: boolean
  /** The metadata right after the session was renewed; absent when it was not. */
  readonly renewedAt?: MetadataPosition | undefined
}

/** The in-sync replicas that a leader asks for, by compare-and-set on the partition's epochs. */
export interface PartitionAlteration {
  readonly topicId: string
  readonly partition: number
  readonly leaderEpoch: number
  readonly partitionEpoch: number
  /** The leader included; the epoch is 0 for a member that stays and has not fetched yet. */
  readonly inSyncReplicas: readonly { readonly brokerId: number; readonly brokerEpoch: number }[]
}

export interface PartitionAltered {
  /** Null: committed. Else nothing was changed. */
  readonly error: ErrorCode | null
  /** The partition as it is now; null where there is none. */
  readonly row: PartitionRow | null
}

/** Consecutive ids for producers, which nobody else gets. */
export interface ProducerIdBlock {
  readonly firstProducerId: number
  readonly count: number
}

/** The feed of the metadata: a copy that is kept up to date until `stop`. */
export interface MetadataFeed {
  readonly copy: MetadataCopy
  stop(): Promise<void>
}

/**
 * The control plane as a broker sees it: the port that production fills with gRPC and tests with an
 * implementation of their own. Calls reject with BusError; none waits for ever.
 */
export interface ControlPlaneLink {
  register(registration: Registration): Promise<Registered>
  sendHeartbeat(heartbeat: Heartbeat): Promise<HeartbeatAnswer>
  /** An answer for each change, in their order. When it rejects, any of them may have happened. */
  alterPartitions(request: {
    readonly brokerId: number
    readonly brokerEpoch: number
    readonly changes: readonly PartitionAlteration[]
  }): Promise<readonly PartitionAltered[]>
  /** A block of ids for the platform's own producers, the gateways. */
  allocateProducerIds(broker: {
    readonly brokerId: number
    readonly brokerEpoch: number
  }): Promise<ProducerIdBlock>
  /** Nothing older than what has been `seen` of the cluster gets into the copy. */
  watchMetadata(seen: (ClusterIdentity & MetadataPosition) | undefined): MetadataFeed
  close(): void
}
