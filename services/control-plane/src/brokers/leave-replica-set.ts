import { withInSyncReplicas } from '../elections/decide-leadership.ts'
import { type PartitionState, succeed } from '../elections/settle.ts'

/**
 * The partition without the broker in its leadership and its in-sync replicas, because its process
 * has begun anew. It stays eligible where the remaining ones are too few (B3.3). Pure.
 */
export function leaveReplicaSet<State extends PartitionState>(now: State, brokerId: number): State {
  const inSyncReplicas = now.inSyncReplicas.filter((member) => member !== brokerId)
  const leader = now.leader === brokerId ? null : now.leader
  return succeed(now, { ...withInSyncReplicas(now, inSyncReplicas), leader })
}
