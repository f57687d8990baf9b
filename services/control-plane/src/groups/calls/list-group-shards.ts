import type { ListGroupShardsResponse } from '@courant/api/internal/v1/group'
import { listShards } from '../leases/shard-rows.ts'
import type { GroupCalls } from './group-calls.ts'

/** Who coordinates which shard. Any control plane knows. */
export async function listGroupShards({ cluster }: GroupCalls): Promise<ListGroupShardsResponse> {
  return { shards: await listShards(cluster.database) }
}
