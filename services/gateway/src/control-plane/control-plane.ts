import { callUnary, type UnaryMethod } from '@courant/api'
import type {
  AddPartitionsRequest,
  AddPartitionsResponse,
  AlterTopicRequest,
  AlterTopicResponse,
  CreateApiKeyRequest,
  CreateApiKeyResponse,
  CreateTenantRequest,
  CreateTenantResponse,
  CreateTopicRequest,
  CreateTopicResponse,
  DeleteTopicRequest,
  DeleteTopicResponse,
  ListApiKeysRequest,
  ListApiKeysResponse,
  ListTenantsRequest,
  ListTenantsResponse,
  RevokeApiKeyRequest,
  RevokeApiKeyResponse,
} from '@courant/api/internal/v1/admin'
import {
  ApiKeyAdminServiceClient,
  TenantAdminServiceClient,
  TopicAdminServiceClient,
} from '@courant/api/internal/v1/admin'
import { ClusterAdminServiceClient } from '@courant/api/internal/v1/cluster'
import { GroupServiceClient, type GroupShard } from '@courant/api/internal/v1/group'
import {
  type LookupApiKeyResponse,
  type LookupTopicResponse,
  MetadataServiceClient,
} from '@courant/api/internal/v1/metadata'
import { type SigningKey, SigningKeyServiceClient } from '@courant/api/internal/v1/signing_key'
import { type Address, assert, BusError, type Clock, limits, type TenantId } from '@courant/kernel'
import { credentials } from '@grpc/grpc-js'
import { ClusterAdmin } from './cluster-admin.ts'

/** What every call says about the request that it serves. */
export interface CallOptions {
  readonly requestId?: string
  readonly signal?: AbortSignal
}

interface Stubs {
  readonly topics: TopicAdminServiceClient
  readonly apiKeys: ApiKeyAdminServiceClient
  readonly tenants: TenantAdminServiceClient
  readonly cluster: ClusterAdminServiceClient
  readonly metadata: MetadataServiceClient
  readonly groups: GroupServiceClient
  readonly signingKeys: SigningKeyServiceClient
}

const CHANNEL = {
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 2_000,
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 10_000,
}

/**
 * The control plane as the gateway sees it: one method a call, several addresses behind them. A
 * call goes to another address only when it is certain that it did not reach the first; a call with
 * an unknown outcome is the caller's to judge, who knows whether a repeat is harmless.
 */
export class ControlPlane {
  readonly cluster: ClusterAdmin
  readonly #stubs: readonly Stubs[]
  readonly #clock: Clock
  /** Index of the address that answered last. */
  #preferred = 0

  constructor(addresses: readonly Address[], clock: Clock) {
    assert(addresses.length > 0, 'a control plane has an address')
    this.#stubs = addresses.map(stubsOf)
    this.#clock = clock
    this.cluster = new ClusterAdmin((methodOf, request, options) =>
      this.#call(({ cluster }) => methodOf(cluster), request, options),
    )
  }

  createTopic(request: CreateTopicRequest, options: CallOptions): Promise<CreateTopicResponse> {
    return this.#call(({ topics }) => topics.createTopic.bind(topics), request, options)
  }

  alterTopic(request: AlterTopicRequest, options: CallOptions): Promise<AlterTopicResponse> {
    return this.#call(({ topics }) => topics.alterTopic.bind(topics), request, options)
  }

  addPartitions(
    request: AddPartitionsRequest,
    options: CallOptions,
  ): Promise<AddPartitionsResponse> {
    return this.#call(({ topics }) => topics.addPartitions.bind(topics), request, options)
  }

  deleteTopic(request: DeleteTopicRequest, options: CallOptions): Promise<DeleteTopicResponse> {
    return this.#call(({ topics }) => topics.deleteTopic.bind(topics), request, options)
  }

  createApiKey(request: CreateApiKeyRequest, options: CallOptions): Promise<CreateApiKeyResponse> {
    return this.#call(({ apiKeys }) => apiKeys.createApiKey.bind(apiKeys), request, options)
  }

  listApiKeys(request: ListApiKeysRequest, options: CallOptions): Promise<ListApiKeysResponse> {
    return this.#call(({ apiKeys }) => apiKeys.listApiKeys.bind(apiKeys), request, options)
  }

  revokeApiKey(request: RevokeApiKeyRequest, options: CallOptions): Promise<RevokeApiKeyResponse> {
    return this.#call(({ apiKeys }) => apiKeys.revokeApiKey.bind(apiKeys), request, options)
  }

  createTenant(request: CreateTenantRequest, options: CallOptions): Promise<CreateTenantResponse> {
    return this.#call(({ tenants }) => tenants.createTenant.bind(tenants), request, options)
  }

  listTenants(request: ListTenantsRequest, options: CallOptions): Promise<ListTenantsResponse> {
    return this.#call(({ tenants }) => tenants.listTenants.bind(tenants), request, options)
  }

  lookupTopic(tenant: TenantId, name: string): Promise<LookupTopicResponse> {
    const request = { tenantId: tenant, name }
    return this.#call(({ metadata }) => metadata.lookupTopic.bind(metadata), request, {})
  }

  lookupApiKey(keyId: string): Promise<LookupApiKeyResponse> {
    return this.#call(({ metadata }) => metadata.lookupApiKey.bind(metadata), { keyId }, {})
  }

  /** Who coordinates which groups. */
  async listGroupShards(): Promise<GroupShard[]> {
    return (await this.#call(({ groups }) => groups.listGroupShards.bind(groups), {}, {})).shards
  }

  /** Newest first. */
  async listSigningKeys(): Promise<SigningKey[]> {
    const method = ({ signingKeys }: Stubs) => signingKeys.listSigningKeys.bind(signingKeys)
    return (await this.#call(method, {}, {})).keys
  }

  close(): void {
    for (const stubs of this.#stubs) for (const client of Object.values(stubs)) client.close()
  }

  async #call<Request, Response>(
    methodOf: (stubs: Stubs) => UnaryMethod<Request, Response>,
    request: Request,
    options: CallOptions,
  ): Promise<Response> {
    const first = this.#preferred
    for (let turn = 0; ; turn++) {
      const index = (first + turn) % this.#stubs.length
      const stubs = this.#stubs[index]
      assert(stubs !== undefined, 'the index is within the addresses')
      try {
        const answer = await callUnary(methodOf(stubs), request, {
          ...options,
          timeoutMs: limits.controlPlaneTimeoutMs,
          clock: this.#clock,
        })
        this.#preferred = index
        return answer
      } catch (error) {
        const elsewhere = error instanceof BusError && error.code === 'CONTROL_PLANE_UNAVAILABLE'
        if (!elsewhere || turn + 1 >= this.#stubs.length) throw error
      }
    }
  }
}

/**
 * One channel per address: grpc-js shares a channel among clients of the same target and options.
 */
function stubsOf({ host, port }: Address): Stubs {
  const target = `${host.includes(':') ? `[${host}]` : host}:${port}`
  const insecure = credentials.createInsecure()
  return {
    topics: new TopicAdminServiceClient(target, insecure, CHANNEL),
    apiKeys: new ApiKeyAdminServiceClient(target, insecure, CHANNEL),
    tenants: new TenantAdminServiceClient(target, insecure, CHANNEL),
    cluster: new ClusterAdminServiceClient(target, insecure, CHANNEL),
    metadata: new MetadataServiceClient(target, insecure, CHANNEL),
    groups: new GroupServiceClient(target, insecure, CHANNEL),
    signingKeys: new SigningKeyServiceClient(target, insecure, CHANNEL),
  }
}
