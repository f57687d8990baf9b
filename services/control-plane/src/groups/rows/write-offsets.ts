import { sql } from 'drizzle-orm'
import type { Transaction } from '../../database/database.ts'
import { livingTopics, unnest } from './write-groups.ts'

export interface OffsetRow {
  readonly groupId: string
  readonly tenantId: string
  readonly topicId: string
  readonly partition: number
  /** The next offset to read. */
  readonly offset: number
  readonly leaderEpoch: number
  readonly metadata: string
}

/**
 * Within a transaction that holds the groups' shards. `forward`: an offset that is not higher than
 * what is committed changes nothing. At most one row a partition of a group. What was committed of
 * a topic that has been deleted meanwhile went with it.
 */
export async function writeOffsets(
  transaction: Transaction,
  rows: readonly OffsetRow[],
  direction: 'forward' | 'anywhere',
): Promise<void> {
  if (rows.length === 0) return
  const topicIds = rows.map(({ topicId }) => topicId)
  const onlyForward =
    direction === 'forward' ? sql`WHERE known.committed_offset < excluded.committed_offset` : sql``
  // Ordered, so that two transactions that meet at some rows do not wait for each other.
  await transaction.execute(sql`
    WITH ${livingTopics(topicIds)}
    INSERT INTO courant.group_offset AS known
        (group_id, topic_id, partition, tenant_id, committed_offset, leader_epoch, metadata)
      SELECT group_id, given.topic_id, partition, tenant_id, committed_offset, leader_epoch, metadata
        FROM ${unnest([
          ['group_id', 'uuid', rows.map(({ groupId }) => groupId)],
          ['topic_id', 'uuid', topicIds],
          ['partition', 'int', rows.map(({ partition }) => partition)],
          ['tenant_id', 'uuid', rows.map(({ tenantId }) => tenantId)],
          ['committed_offset', 'bigint', rows.map(({ offset }) => offset)],
          ['leader_epoch', 'int', rows.map(({ leaderEpoch }) => leaderEpoch)],
          ['metadata', 'text', rows.map(({ metadata }) => metadata)],
        ])} JOIN living ON living.topic_id = given.topic_id
        ORDER BY group_id, given.topic_id, partition
      ON CONFLICT (group_id, topic_id, partition) DO UPDATE
        SET committed_offset = excluded.committed_offset, leader_epoch = excluded.leader_epoch,
            metadata = excluded.metadata, commit_version = known.commit_version + 1,
            committed_at = clock_timestamp() ${onlyForward}`)
}
