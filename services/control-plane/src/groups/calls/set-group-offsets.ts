import type {
  SetGroupOffsetsRequest,
  SetGroupOffsetsResponse,
} from '@courant/api/internal/v1/group'
import { BusError, isUuid } from '@courant/kernel'
import { inArray } from 'drizzle-orm'
import type { Transaction } from '../../database/database.ts'
import { topic } from '../../schema/topic.ts'
import type { CoordinatedGroup, PartitionCommit } from '../coordination/coordinated-group.ts'
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
  await cluster.database.tenant(tenantId, (transaction) => requireAll(transaction, partitions))
  const group = await coordinator.groupOf(tenantId, name)
  const membersFenced = await fence(group, request.fencesMembers)
  await group.alone((loaded) => {
    if (loaded === null || loaded.group.memberCount > 0) throw groupNotEmpty()
    const { groupId } = loaded.group
    const rows = partitions.map((each) => ({ ...each, groupId, tenantId }))
    const work = async (transaction: Transaction): Promise<void> => {
      await lockShard(transaction, cluster, group.term)
      await writeOffsets(transaction, rows, 'anywhere')
    }
    return () => cluster.database.platform(work, { onLostCommit: 'repeat' })
  })
  return { membersFenced }
}

/** As the database has them: the feed may not have seen a topic that was made just now. */
async function requireAll(
  transaction: Transaction,
  partitions: readonly PartitionCommit[],
): Promise<void> {
  const ids = [...new Set(partitions.map(({ topicId }) => topicId))].filter(isUuid)
  const { topicId: id, partitionCount } = topic
  const rows = await transaction.select({ id, partitionCount }).from(topic).where(inArray(id, ids))
  const counts = new Map(rows.map((row) => [row.id, row.partitionCount]))
  for (const { topicId, partition } of partitions) {
    const count = counts.get(topicId)
    if (count === undefined) throw new BusError('TOPIC_NOT_FOUND', 'There is no such topic.')
    if (partition >= 0 && partition < count) continue
    throw new BusError('PARTITION_NOT_FOUND', 'The topic has no such partition.')
  }
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
