import { callUnary } from '@courant/api'
import { TenantAdminServiceClient, TopicAdminServiceClient } from '@courant/api/internal/v1/admin'
import {
  ClusterAdminServiceClient,
  ListPartitionsRequest,
  type PartitionStatus,
} from '@courant/api/internal/v1/cluster'
import { systemClock } from '@courant/kernel'
import { credentials } from '@grpc/grpc-js'

const CALL = { timeoutMs: 30_000, clock: systemClock }

/** Tenants and topics, asked of the control plane as a gateway asks it. */
export class Admin {
  readonly #tenants: TenantAdminServiceClient
  readonly #topics: TopicAdminServiceClient
  readonly #cluster: ClusterAdminServiceClient

  constructor(controlPlane: string) {
    this.#tenants = new TenantAdminServiceClient(controlPlane, credentials.createInsecure())
    this.#topics = new TopicAdminServiceClient(controlPlane, credentials.createInsecure())
    this.#cluster = new ClusterAdminServiceClient(controlPlane, credentials.createInsecure())
  }

  async createTenant(
    name: string,
  ): Promise<{ readonly tenantId: string; readonly apiKey: string }> {
    const method = this.#tenants.createTenant.bind(this.#tenants)
    const { tenant, apiKeyText } = await callUnary(method, { name }, CALL)
    return { tenantId: tenant?.tenantId ?? '', apiKey: apiKeyText }
  }

  /** The topic's id, which is its name below the gateway. */
  async createTopic(topic: {
    readonly tenantId: string
    readonly name: string
    readonly partitionCount: number
    /** 1 where it is left out. */
    readonly replicationFactor?: number
    readonly config?: Readonly<Record<string, string>>
  }): Promise<string> {
    const method = this.#topics.createTopic.bind(this.#topics)
    const request = { replicationFactor: 1, ...topic, config: { ...topic.config } }
    return (await callUnary(method, request, CALL)).topic?.topicId ?? ''
  }

  /** Who leads each partition of a topic that has few, by index. */
  async leadersOf(topicId: string): Promise<number[]> {
    const method = this.#cluster.listPartitions.bind(this.#cluster)
    const request = ListPartitionsRequest.create({ topicId, limit: 1_000 })
    const { partitions } = await callUnary(method, request, CALL)
    return partitions.map(leaderOf)
  }

  close(): void {
    this.#cluster.close()
    this.#tenants.close()
    this.#topics.close()
  }
}

function leaderOf({ partition }: PartitionStatus): number {
  if (partition?.leader === undefined) throw new Error('a partition has no leader')
  return partition.leader
}
