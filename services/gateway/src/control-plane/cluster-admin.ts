import type { UnaryMethod } from '@courant/api'
import type {
  CancelReassignmentsRequest,
  CancelReassignmentsResponse,
  ClusterAdminServiceClient,
  DrainBrokerResponse,
  ElectPreferredLeadersResponse,
  ElectUncleanLeaderRequest,
  ElectUncleanLeaderResponse,
  ListBrokersResponse,
  ListPartitionsRequest,
  ListPartitionsResponse,
  ReassignPartitionsRequest,
  ReassignPartitionsResponse,
  RemoveBrokerResponse,
  RestoreClusterRequest,
  RestoreClusterResponse,
  SetReassignmentThrottleResponse,
  UndrainBrokerResponse,
} from '@courant/api/internal/v1/cluster'
import type { CallOptions } from './control-plane.ts'

/** How a call reaches one of the control planes. */
type Call = <Request, Response>(
  methodOf: (cluster: ClusterAdminServiceClient) => UnaryMethod<Request, Response>,
  request: Request,
  options: CallOptions,
) => Promise<Response>

/** The calls of the platform's operators: one method each. */
export class ClusterAdmin {
  readonly #call: Call

  constructor(call: Call) {
    this.#call = call
  }

  listBrokers(options: CallOptions): Promise<ListBrokersResponse> {
    return this.#call((cluster) => cluster.listBrokers.bind(cluster), {}, options)
  }

  listPartitions(
    request: ListPartitionsRequest,
    options: CallOptions,
  ): Promise<ListPartitionsResponse> {
    return this.#call((cluster) => cluster.listPartitions.bind(cluster), request, options)
  }

  drainBroker(brokerId: number, options: CallOptions): Promise<DrainBrokerResponse> {
    return this.#call((cluster) => cluster.drainBroker.bind(cluster), { brokerId }, options)
  }

  undrainBroker(brokerId: number, options: CallOptions): Promise<UndrainBrokerResponse> {
    return this.#call((cluster) => cluster.undrainBroker.bind(cluster), { brokerId }, options)
  }

  removeBroker(brokerId: number, options: CallOptions): Promise<RemoveBrokerResponse> {
    return this.#call((cluster) => cluster.removeBroker.bind(cluster), { brokerId }, options)
  }

  /** Of all topics where `topicId` is empty. */
  electPreferredLeaders(
    topicId: string,
    options: CallOptions,
  ): Promise<ElectPreferredLeadersResponse> {
    return this.#call(
      (cluster) => cluster.electPreferredLeaders.bind(cluster),
      { topicId },
      options,
    )
  }

  electUncleanLeader(
    request: ElectUncleanLeaderRequest,
    options: CallOptions,
  ): Promise<ElectUncleanLeaderResponse> {
    return this.#call((cluster) => cluster.electUncleanLeader.bind(cluster), request, options)
  }

  restoreCluster(
    request: RestoreClusterRequest,
    options: CallOptions,
  ): Promise<RestoreClusterResponse> {
    return this.#call((cluster) => cluster.restoreCluster.bind(cluster), request, options)
  }

  reassignPartitions(
    request: ReassignPartitionsRequest,
    options: CallOptions,
  ): Promise<ReassignPartitionsResponse> {
    return this.#call((cluster) => cluster.reassignPartitions.bind(cluster), request, options)
  }

  cancelReassignments(
    request: CancelReassignmentsRequest,
    options: CallOptions,
  ): Promise<CancelReassignmentsResponse> {
    return this.#call((cluster) => cluster.cancelReassignments.bind(cluster), request, options)
  }

  /** 0 bytes for no limit. */
  setReassignmentThrottle(
    bytesPerSecond: number,
    options: CallOptions,
  ): Promise<SetReassignmentThrottleResponse> {
    const methodOf = (cluster: ClusterAdminServiceClient) =>
      cluster.setReassignmentThrottle.bind(cluster)
    return this.#call(methodOf, { bytesPerSecond }, options)
  }
}
