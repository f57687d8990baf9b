import type {
  CancelReassignmentsRequest,
  CancelReassignmentsResponse,
  ReassignPartitionsRequest,
  ReassignPartitionsResponse,
} from '@courant/api/internal/v1/cluster'
import type { Cluster } from '../cluster.ts'
import { recipientsOf } from '../elections/lock-brokers.ts'
import { cancelReassignment, checkTarget, startReassignment } from './change-reassignment.ts'
import { decideEach } from './decide-each.ts'

/**
 * Begins to move partitions (KIP-455). From there on leaders drive it: once the added replicas are
 * in sync, the change that tells so ends the move too.
 */
export function reassignPartitions(
  cluster: Cluster,
  { reassignments }: ReassignPartitionsRequest,
): Promise<ReassignPartitionsResponse> {
  return decideEach(cluster, reassignments, (row, { replicas }, { states, brokers }) => {
    checkTarget(row, replicas)
    return startReassignment(row, replicas, { states, recipients: recipientsOf(brokers) })
  })
}

export function cancelReassignments(
  cluster: Cluster,
  { partitions }: CancelReassignmentsRequest,
): Promise<CancelReassignmentsResponse> {
  return decideEach(cluster, partitions, (row, _name, { states }) =>
    cancelReassignment(row, states),
  )
}
