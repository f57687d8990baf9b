import type {
  SetGroupOffsetsRequest,
  SetGroupOffsetsResponse,
} from '@courant/api/internal/v1/group'
import { BusError } from '@courant/kernel'
import type { CoordinatedGroup } from '../coordination/coordinated-group.ts'
import { lockShard } from '../rows/lock-shards.ts'
import { writeOffsets } from '../rows/write-offsets.ts'
import { checkGroup } from './check-names.ts'
import { partitionsOf } from './commit-offsets.ts'
import { groupNotEmpty } from './delete-group.ts'
import type { GroupCalls } from './group-calls.ts'

/**
 * Moves committed offsets, also back, and makes the group if there is none. All or nothing. Throws
 * GROUP_NOT_EMPTY unless members are to be fenced, TOPIC_NOT_FOUND, PARTITION_NOT_FOUND.
 */
export async function setGroupOffsets(
  calls: GroupCalls,
  request: SetGroupOffsetsRequest,
): Promise<SetGroupOffsetsResponse> {
  const { cluster, coordinator } = calls
  const { tenantId, group: name } = checkGroup(request.group)
  const partitions = request.topics.flatMap(partitionsOf)
  for (const { topicId, partition } of partitions) {
    const topic = coordinator.catalog.topicOf(tenantId, topicId)
    if (topic === undefined) throw new BusError('TOPIC_NOT_FOUND', 'There is no such topic.')
    if (partition >= 0 && partition < topic.partitions) continue
    throw new BusError('PARTITION_NOT_FOUND', 'The topic has no such partition.')
  }
  const group = await coordinator.groupOf(tenantId, name)
  const membersFenced = await fence(group, request.fencesMembers)
  await group.alone(async (loaded) => {
    if (loaded === null || loaded.group.memberCount > 0) throw groupNotEmpty()
    const { groupId } = loaded.group
    const rows = partitions.map((each) => ({ ...each, groupId, tenantId }))
    await cluster.database.platform(
      async (transaction) => {
        await lockShard(transaction, cluster, group.term)
        await writeOffsets(transaction, rows, 'anywhere')
      },
      { onLostCommit: 'repeat' },
    )
  })
  return { membersFenced }
}

/** Members that join again before the offsets are written make these refused: nothing was moved. */
function fence(group: CoordinatedGroup, fencesMembers: boolean): Promise<number> {
  return group.change({
    makesGroup: true,
    apply: ({ group: state }, now) => {
      if (!fencesMembers && state.memberCount > 0) throw groupNotEmpty()
      const fenced = state.fenceAll(now)
      return () => fenced
    },
  })
}
