import type {
  CancelReassignmentsRequest,
  CancelReassignmentsResponse,
  Reassignment,
  ReassignPartitionsRequest,
  ReassignPartitionsResponse,
} from '@courant/api/internal/v1/cluster'
import type { Cluster } from '../cluster.ts'
import { decideEach } from './decide-each.ts'
import { decideCancellation, decideReassignment } from './decide-one.ts'

/**
 * Begins to move partitions (KIP-455). From there on leaders drive it: once the added replicas are
 * in sync, the change that tells so ends the move too.
 */
export function reassignPartitions(
  cluster: Cluster,
  { reassignments }: ReassignPartitionsRequest,
): Promise<ReassignPartitionsResponse> {
  return decideEach<Reassignment>(cluster, reassignments, decideReassignment)
}

export function cancelReassignments(
  cluster: Cluster,
  { partitions }: CancelReassignmentsRequest,
): Promise<CancelReassignmentsResponse> {
  return decideEach(cluster, partitions, decideCancellation)
}
