import type { Cluster } from '../../cluster.ts'
import type { GroupCoordinator } from '../coordination/group-coordinator.ts'
import type { LagSampler } from '../lag/lag-sampler.ts'

/** What the calls of the group service work on. */
export interface GroupCalls {
  readonly cluster: Cluster
  readonly coordinator: GroupCoordinator
}

/** What those work on that tell how a group does. */
export interface GroupLookCalls extends GroupCalls {
  readonly lag: Pick<LagSampler, 'of'>
}
