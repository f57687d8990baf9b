/** Which operation answers which call. */
import { type OnCallError, streamHandler } from '@courant/api'
import {
  type ApiKeyAdminServiceServer,
  ApiKeyAdminServiceService,
  type TenantAdminServiceServer,
  TenantAdminServiceService,
  type TopicAdminServiceServer,
  TopicAdminServiceService,
} from '@courant/api/internal/v1/admin'
import { type BrokerServiceServer, BrokerServiceService } from '@courant/api/internal/v1/broker'
import {
  type ClusterAdminServiceServer,
  ClusterAdminServiceService,
} from '@courant/api/internal/v1/cluster'
import { GroupServiceService } from '@courant/api/internal/v1/group'
import {
  type MetadataServiceServer,
  MetadataServiceService,
  type WatchMetadataRequest,
  type WatchMetadataResponse,
} from '@courant/api/internal/v1/metadata'
import { SigningKeyServiceService } from '@courant/api/internal/v1/signing_key'
import { isNewer, type Random } from '@courant/kernel'
import type { Server } from '@grpc/grpc-js'
import { createApiKey } from '../api-keys/create-api-key.ts'
import { listApiKeys } from '../api-keys/list-api-keys.ts'
import { revokeApiKey } from '../api-keys/revoke-api-key.ts'
import { sendHeartbeat } from '../brokers/heartbeat.ts'
import { listBrokers } from '../brokers/list-brokers.ts'
import { registerBroker } from '../brokers/register-broker.ts'
import { removeBroker } from '../brokers/remove-broker.ts'
import type { Cluster } from '../cluster.ts'
import { drainBroker, undrainBroker } from '../drains/drain-broker.ts'
import { electUncleanLeader } from '../elections/elect-unclean-leader.ts'
import { preferAllLeaders } from '../elections/prefer-leaders.ts'
import { lookupApiKey, lookupTopic } from '../feed/lookup.ts'
import type { MetadataFeed } from '../feed/metadata-feed.ts'
import { watchMetadata } from '../feed/watch-metadata.ts'
import type { GroupCoordinator } from '../groups/coordination/group-coordinator.ts'
import type { LagSampler } from '../groups/lag/lag-sampler.ts'
import { alterPartitions } from '../in-sync-replicas/alter-partitions.ts'
import { listPartitions } from '../partitions/list-partitions.ts'
import { allocateProducerIds } from '../producer-ids/allocate-producer-ids.ts'
import { cancelReassignments, reassignPartitions } from '../reassignments/reassign-partitions.ts'
import { setReassignmentThrottle } from '../reassignments/set-throttle.ts'
import { restoreCluster } from '../restore/restore-cluster.ts'
import { hear } from '../rollback/hear.ts'
import { listSigningKeys } from '../signing-keys/list-signing-keys.ts'
import { createTenant } from '../tenants/create-tenant.ts'
import { listTenants } from '../tenants/list-tenants.ts'
import { addPartitions } from '../topics/add-partitions.ts'
import { alterTopic } from '../topics/alter-topic.ts'
import { createTopic } from '../topics/create-topic.ts'
import { deleteTopic } from '../topics/delete-topic.ts'
import type { CallMetrics } from './call-metrics.ts'
import { groupService } from './group-service.ts'
import { unary } from './unary.ts'

export interface ServiceParts {
  readonly cluster: Cluster
  readonly feed: MetadataFeed
  readonly coordinator: GroupCoordinator
  readonly lag: LagSampler
  readonly random: Random
  readonly sessionTimeoutMs: number
  readonly metrics: CallMetrics
  /** Of this process, at this moment. */
  readonly watchers: { count: number }
  readonly onError: OnCallError
}

export function addServices(server: Server, parts: ServiceParts): void {
  server.addService(TenantAdminServiceService, tenants(parts))
  server.addService(ApiKeyAdminServiceService, apiKeys(parts))
  server.addService(TopicAdminServiceService, topics(parts))
  server.addService(BrokerServiceService, brokers(parts))
  server.addService(MetadataServiceService, metadata(parts))
  server.addService(ClusterAdminServiceService, operators(parts))
  server.addService(GroupServiceService, groupService(parts))
  server.addService(SigningKeyServiceService, {
    listSigningKeys: unary(parts, 'ListSigningKeys', () => listSigningKeys(parts)),
  })
}

function tenants(parts: ServiceParts): TenantAdminServiceServer {
  const { database } = parts.cluster
  return {
    createTenant: unary(parts, 'CreateTenant', ({ name }, { signal }) =>
      createTenant(parts, name, signal),
    ),
    listTenants: unary(parts, 'ListTenants', (request) => listTenants(database, request)),
  }
}

function apiKeys(parts: ServiceParts): ApiKeyAdminServiceServer {
  const { cluster } = parts
  return {
    createApiKey: unary(parts, 'CreateApiKey', (request, { signal }) =>
      createApiKey(parts, request, signal),
    ),
    listApiKeys: unary(parts, 'ListApiKeys', (request) => listApiKeys(cluster.database, request)),
    revokeApiKey: unary(parts, 'RevokeApiKey', (request, { signal }) =>
      revokeApiKey(cluster, request, signal),
    ),
  }
}

function topics(parts: ServiceParts): TopicAdminServiceServer {
  const { cluster } = parts
  return {
    createTopic: unary(parts, 'CreateTopic', (request, { signal }) =>
      createTopic(parts, request, signal),
    ),
    alterTopic: unary(parts, 'AlterTopic', (request, { signal }) =>
      alterTopic(cluster, request, signal),
    ),
    addPartitions: unary(parts, 'AddPartitions', (request, { signal }) =>
      addPartitions(cluster, request, signal),
    ),
    deleteTopic: unary(parts, 'DeleteTopic', (request, { signal }) =>
      deleteTopic(cluster, request, signal),
    ),
  }
}

/** Without the caller's deadline: what a broker asks for is done also when it asks again. */
function brokers(parts: ServiceParts): BrokerServiceServer {
  const { cluster, feed, sessionTimeoutMs } = parts
  const versionOneSessionAgo = (): number => feed.versionBefore(sessionTimeoutMs)
  const heartbeats = { cluster, sessionTimeoutMs, versionOneSessionAgo }
  return {
    registerBroker: unary(parts, 'RegisterBroker', (request) => registerBroker(parts, request)),
    sendHeartbeat: unary(parts, 'SendHeartbeat', (request) => sendHeartbeat(heartbeats, request)),
    alterPartitions: unary(parts, 'AlterPartitions', (request) =>
      alterPartitions(cluster, request),
    ),
    allocateProducerIds: unary(parts, 'AllocateProducerIds', (request) =>
      allocateProducerIds(cluster, request),
    ),
  }
}

function operators(parts: ServiceParts): ClusterAdminServiceServer {
  const { cluster } = parts
  const { database } = cluster
  return {
    listBrokers: unary(parts, 'ListBrokers', () => listBrokers(database)),
    listPartitions: unary(parts, 'ListPartitions', (request) => listPartitions(database, request)),
    drainBroker: unary(parts, 'DrainBroker', (request) => drainBroker(cluster, request)),
    undrainBroker: unary(parts, 'UndrainBroker', (request) => undrainBroker(cluster, request)),
    removeBroker: unary(parts, 'RemoveBroker', (request) => removeBroker(cluster, request)),
    electPreferredLeaders: unary(parts, 'ElectPreferredLeaders', (request) =>
      preferAllLeaders(cluster, request),
    ),
    reassignPartitions: unary(parts, 'ReassignPartitions', (request) =>
      reassignPartitions(cluster, request),
    ),
    cancelReassignments: unary(parts, 'CancelReassignments', (request) =>
      cancelReassignments(cluster, request),
    ),
    setReassignmentThrottle: unary(parts, 'SetReassignmentThrottle', (request) =>
      setReassignmentThrottle(cluster, request),
    ),
    electUncleanLeader: unary(parts, 'ElectUncleanLeader', (request) =>
      electUncleanLeader(cluster, request),
    ),
    restoreCluster: unary(parts, 'RestoreCluster', (request) => restoreCluster(parts, request)),
  }
}

function metadata(parts: ServiceParts): MetadataServiceServer {
  const { database } = parts.cluster
  return {
    watchMetadata: streamHandler(
      (request, { signal }) => counted(parts, watchAsHeard(parts, request, signal)),
      parts.onError,
    ),
    lookupTopic: unary(parts, 'LookupTopic', (request) => lookupTopic(database, request)),
    lookupApiKey: unary(parts, 'LookupApiKey', (request) => lookupApiKey(database, request)),
  }
}

/** A watcher that is ahead of the database, and still is when the feed has looked, tells of it. */
async function* watchAsHeard(
  parts: ServiceParts,
  request: WatchMetadataRequest,
  signal: AbortSignal,
): AsyncGenerator<WatchMetadataResponse, void, undefined> {
  const { cluster, feed } = parts
  const { clusterId, clusterIncarnation, sinceVersion } = request
  const seen = { clusterIncarnation, metadataVersion: sinceVersion }
  const known = { ...cluster.identity, metadataVersion: feed.state.version }
  if (clusterId === known.clusterId && isNewer(seen, known)) await hear(cluster, { seen })
  yield* watchMetadata(parts, request, signal)
}

async function* counted<Item>(
  { watchers }: ServiceParts,
  items: AsyncIterable<Item>,
): AsyncGenerator<Item, void, undefined> {
  watchers.count += 1
  try {
    yield* items
  } finally {
    watchers.count -= 1
  }
}
