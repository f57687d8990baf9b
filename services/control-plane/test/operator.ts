/** The operators' calls over a real socket. */
import { callUnary, type UnaryMethod } from '@courant/api'
import {
  ClusterAdminServiceClient,
  PartitionFilter,
  type Reassignment,
  type ReassignmentResult,
  type RestoreClusterRequest,
} from '@courant/api/internal/v1/cluster'
import { type Address, systemClock } from '@courant/kernel'
import { credentials } from '@grpc/grpc-js'
import { onCleanUp } from './fixture.ts'

export class Operator {
  readonly #client: ClusterAdminServiceClient

  constructor({ port }: Address) {
    this.#client = new ClusterAdminServiceClient(`127.0.0.1:${port}`, credentials.createInsecure())
    onCleanUp(async () => this.#client.close())
  }

  async brokers() {
    const { brokers } = await call(this.#client.listBrokers.bind(this.#client), {})
    return new Map(brokers.map((status) => [status.broker?.brokerId ?? 0, status]))
  }

  partitions(
    request: { filter?: PartitionFilter; brokerId?: number; topicId?: string; limit?: number } & {
      afterTopicId?: string
      afterPartition?: number
    },
  ) {
    return call(this.#client.listPartitions.bind(this.#client), {
      filter: PartitionFilter.PARTITION_FILTER_UNSPECIFIED,
      brokerId: undefined,
      topicId: '',
      limit: 0,
      afterTopicId: '',
      afterPartition: 0,
      ...request,
    })
  }

  restore(request: RestoreClusterRequest) {
    return call(this.#client.restoreCluster.bind(this.#client), request)
  }

  drain(brokerId: number) {
    return call(this.#client.drainBroker.bind(this.#client), { brokerId })
  }

  undrain(brokerId: number) {
    return call(this.#client.undrainBroker.bind(this.#client), { brokerId })
  }

  remove(brokerId: number) {
    return call(this.#client.removeBroker.bind(this.#client), { brokerId })
  }

  async preferLeaders(topicId = ''): Promise<number> {
    const method = this.#client.electPreferredLeaders.bind(this.#client)
    return (await call(method, { topicId })).elected
  }

  /** Of the topic's first partition. */
  async reassign(topicId: string, replicas: number[]): Promise<ReassignmentResult> {
    const [result] = await this.reassignAll([{ topicId, partition: 0, replicas }])
    if (result === undefined) throw new Error('every reassignment has a result')
    return result
  }

  async reassignAll(reassignments: Reassignment[]): Promise<ReassignmentResult[]> {
    const method = this.#client.reassignPartitions.bind(this.#client)
    return (await call(method, { reassignments })).results
  }

  async cancel(topicId: string): Promise<ReassignmentResult> {
    const method = this.#client.cancelReassignments.bind(this.#client)
    const [result] = (await call(method, { partitions: [{ topicId, partition: 0 }] })).results
    if (result === undefined) throw new Error('every cancellation has a result')
    return result
  }

  setThrottle(bytesPerSecond: number) {
    return call(this.#client.setReassignmentThrottle.bind(this.#client), { bytesPerSecond })
  }

  electUnclean(topicId: string, brokerId: number, acceptDataLoss: boolean) {
    const request = { topicId, partition: 0, brokerId, acceptDataLoss }
    return call(this.#client.electUncleanLeader.bind(this.#client), request)
  }
}

function call<Request, Response>(
  method: UnaryMethod<Request, Response>,
  request: Request,
): Promise<Response> {
  return callUnary(method, request, { timeoutMs: 20_000, clock: systemClock })
}
