import type { Cluster } from '../../cluster.ts'
import type { GroupCoordinator } from '../coordination/group-coordinator.ts'

/** What the calls of the group service work on. */
export interface GroupCalls {
  readonly cluster: Cluster
  readonly coordinator: GroupCoordinator
}
