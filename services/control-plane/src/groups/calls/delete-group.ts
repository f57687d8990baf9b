import type { DeleteGroupRequest, DeleteGroupResponse } from '@courant/api/internal/v1/group'
import { BusError } from '@courant/kernel'
import { eq } from 'drizzle-orm'
import type { Transaction } from '../../database/database.ts'
import { consumerGroup } from '../../schema/consumer-group.ts'
import { groupNotFound } from '../coordination/coordinated-group.ts'
import { lockShard } from '../rows/lock-shards.ts'
import { checkGroup } from './check-names.ts'
import type { GroupCalls } from './group-calls.ts'

/** With its offsets, by the foreign keys. Throws GROUP_NOT_FOUND, GROUP_NOT_EMPTY. */
export async function deleteGroup(
  { cluster, coordinator }: GroupCalls,
  request: DeleteGroupRequest,
): Promise<DeleteGroupResponse> {
  const { tenantId, group: name } = checkGroup(request.group)
  const group = await coordinator.groupOf(tenantId, name)
  await group.alone((loaded) => {
    if (loaded === null) throw groupNotFound()
    if (loaded.group.memberCount > 0) throw groupNotEmpty()
    const isIt = eq(consumerGroup.groupId, loaded.group.groupId)
    const work = async (transaction: Transaction): Promise<void> => {
      await lockShard(transaction, cluster, group.term)
      await transaction.delete(consumerGroup).where(isIt)
    }
    return () => cluster.database.platform(work, { onLostCommit: 'repeat' })
  })
  return {}
}

export function groupNotEmpty(): BusError {
  return new BusError('GROUP_NOT_EMPTY', 'The group has members: stop them first.')
}
