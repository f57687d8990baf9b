import type { PartitionStatus } from '@courant/api/internal/v1/cluster'
import type { Partition } from '@courant/api/internal/v1/metadata'
import { assert, type TenantId, tenantId } from '@courant/kernel'
import type { PartitionState } from '../cluster-schemas.ts'

/** What the view needs of the metadata copy. */
interface NamesTenants {
  tenant(id: TenantId): { readonly name: string } | null
}

/** A partition of any tenant as operators see it. */
export function partitionView(status: PartitionStatus, tenants: NamesTenants) {
  const { partition, lastKnownEligibleReplicas } = status
  assert(partition !== undefined, 'a status is that of a partition')
  return {
    topicId: partition.topicId,
    topic: status.topicName,
    tenantId: status.tenantId,
    tenant: tenants.tenant(tenantId(status.tenantId))?.name ?? null,
    partition: partition.partition,
    states: statesOf(partition),
    leader: partition.leader ?? null,
    leaderEpoch: partition.leaderEpoch,
    partitionEpoch: partition.partitionEpoch,
    replicas: partition.replicas,
    inSyncReplicas: partition.inSyncReplicas,
    minInsyncReplicas: partition.effectiveMinIsr,
    eligibleReplicas: partition.eligibleReplicas,
    lastKnownEligibleReplicas,
    addingReplicas: partition.addingReplicas,
    removingReplicas: partition.removingReplicas,
    lastUncleanLeaderEpoch: partition.lastUncleanLeaderEpoch || null,
  }
}

/** The same conditions by which the control plane filters. */
function statesOf(partition: Partition): PartitionState[] {
  const { replicas, inSyncReplicas, effectiveMinIsr, leader } = partition
  const { addingReplicas, removingReplicas } = partition
  const holds: Readonly<Record<PartitionState, boolean>> = {
    UNDER_REPLICATED: replicas.some((replica) => !inSyncReplicas.includes(replica)),
    BELOW_MIN_INSYNC: inSyncReplicas.length < effectiveMinIsr,
    LEADERLESS: leader === undefined,
    REASSIGNING: addingReplicas.length > 0 || removingReplicas.length > 0,
  }
  return (Object.keys(holds) as PartitionState[]).filter((state) => holds[state])
}
