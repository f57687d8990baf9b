import type { ServicePlan } from '@courant/standalone'
import type { ChaosCluster, Target } from '../cluster/chaos-cluster.ts'

/**
 * The network between the processes of the cluster, in which links can be cut and slowed. Clients
 * reach the gateways by ways of their own, which are never touched.
 */
export interface ChaosNetwork {
  /** How it is made, for the report. */
  readonly means: string
  /** Has the process run in this network. */
  adapt(plan: ServicePlan): Promise<ServicePlan>
  /** Called when the processes run, before there is anything to cut. */
  know(cluster: ChaosCluster): void
  /**
   * What `from` sends to `to` is lost from now on; the other direction goes on, as far as anything
   * can without answers. `refused`: `from` is told at once that there is no way.
   */
  cut(from: Target, to: Target, how: 'lost' | 'refused'): Promise<void>
  mend(from: Target, to: Target): Promise<void>
  /** Ends the connections between them that are open now. */
  reset(one: Target, other: Target): Promise<void>
  /** Everything that the process sends is late. */
  slow(of: Target): Promise<void>
  hasten(of: Target): Promise<void>
  /** Removes it, when no process uses it any more. */
  close(): Promise<void>
}
