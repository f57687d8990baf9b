/** The rows of many groups in a few statements, whatever their number. */
import type { GroupChanges, GroupRow, MemberRow, PartitionRow } from '@courant/group'
import { type SQL, sql } from 'drizzle-orm'
import type { Transaction } from '../../database/database.ts'

export interface GroupWrite {
  readonly groupId: string
  readonly tenantId: string
  readonly shard: number
  readonly changes: GroupChanges
}

/**
 * Within a transaction that holds the groups' shards. All rows are written as a whole, so that
 * doing it again changes nothing. Rows of topics that were deleted meanwhile are left out: the
 * topic took those that were there with it, and the group will hear of it.
 */
export async function writeGroups(
  transaction: Transaction,
  writes: readonly GroupWrite[],
): Promise<void> {
  const all = <Row>(rowsOf: (changes: GroupChanges) => readonly Row[]): Of<Row>[] =>
    writes.flatMap((of) => rowsOf(of.changes).map((row) => ({ of, row })))
  const groups = all(({ group }) => (group === null ? [] : [group]))
  const membersRemoved = all((changes) => changes.membersRemoved)
  const members = all((changes) => changes.members)
  const partitionsRemoved = all((changes) => changes.partitionsRemoved)
  const partitions = all((changes) => changes.partitions)
  if (groups.length > 0) await transaction.execute(upsertGroups(groups))
  if (membersRemoved.length > 0) {
    await transaction.execute(sql`
      DELETE FROM courant.group_member member USING ${unnest([
        ['group_id', 'uuid', membersRemoved.map(({ of }) => of.groupId)],
        ['member_id', 'text', membersRemoved.map(({ row }) => row)],
      ])} WHERE member.group_id = given.group_id AND member.member_id = given.member_id`)
  }
  if (members.length > 0) await transaction.execute(upsertMembers(members))
  if (partitionsRemoved.length > 0) {
    await transaction.execute(sql`
      DELETE FROM courant.group_partition part USING ${unnest([
        ['group_id', 'uuid', partitionsRemoved.map(({ of }) => of.groupId)],
        ['topic_id', 'uuid', partitionsRemoved.map(({ row }) => row.topicId)],
        ['partition', 'int', partitionsRemoved.map(({ row }) => row.partition)],
      ])} WHERE part.group_id = given.group_id AND part.topic_id = given.topic_id
        AND part.partition = given.partition`)
  }
  if (partitions.length > 0) await transaction.execute(upsertPartitions(partitions))
}

interface Of<Row> {
  readonly of: GroupWrite
  readonly row: Row
}

/** When a group became empty is this server's time: by that it expires. */
function upsertGroups(groups: readonly Of<GroupRow>[]): SQL {
  return sql`
    INSERT INTO courant.consumer_group AS known
        (group_id, tenant_id, name, shard, assignor, group_epoch, created_at, empty_since)
      SELECT given.group_id, tenant_id, name, shard, assignor, group_epoch,
             to_timestamp(created_at_ms / 1000.0), CASE WHEN is_empty THEN clock_timestamp() END
        FROM ${unnest([
          ['group_id', 'uuid', groups.map(({ of }) => of.groupId)],
          ['tenant_id', 'uuid', groups.map(({ of }) => of.tenantId)],
          ['name', 'text', groups.map(({ row }) => row.name)],
          ['shard', 'int', groups.map(({ of }) => of.shard)],
          ['assignor', 'text', groups.map(({ row }) => row.assignor)],
          ['group_epoch', 'bigint', groups.map(({ row }) => row.groupEpoch)],
          ['created_at_ms', 'bigint', groups.map(({ row }) => Math.round(row.createdAtMs))],
          ['is_empty', 'boolean', groups.map(({ row }) => row.emptySinceMs !== null)],
        ])}
      ON CONFLICT (group_id) DO UPDATE
        SET assignor = excluded.assignor, group_epoch = excluded.group_epoch,
            empty_since = CASE WHEN excluded.empty_since IS NOT NULL
              THEN coalesce(known.empty_since, excluded.empty_since) END`
}

function upsertMembers(members: readonly Of<MemberRow>[]): SQL {
  return sql`
    INSERT INTO courant.group_member
        (group_id, member_id, tenant_id, principal, topics, pattern, session_timeout_ms,
         rebalance_timeout_ms, joined_at, join_epoch, held_epoch, client_address, client_software)
      SELECT group_id, member_id, tenant_id, principal,
             ARRAY (SELECT jsonb_array_elements_text(topics)), pattern, session_timeout_ms,
             rebalance_timeout_ms, to_timestamp(joined_at_ms / 1000.0), join_epoch, held_epoch,
             client_address, client_software
        FROM ${unnest([
          ['group_id', 'uuid', members.map(({ of }) => of.groupId)],
          ['member_id', 'text', members.map(({ row }) => row.memberId)],
          ['tenant_id', 'uuid', members.map(({ of }) => of.tenantId)],
          ['principal', 'text', members.map(({ row }) => row.principal)],
          ['topics', 'jsonb', members.map(({ row }) => JSON.stringify(row.subscription.topics))],
          ['pattern', 'text', members.map(({ row }) => row.subscription.pattern)],
          ['session_timeout_ms', 'int', members.map(({ row }) => row.sessionTimeoutMs)],
          ['rebalance_timeout_ms', 'int', members.map(({ row }) => row.rebalanceTimeoutMs)],
          ['joined_at_ms', 'bigint', members.map(({ row }) => Math.round(row.joinedAtMs))],
          ['join_epoch', 'bigint', members.map(({ row }) => row.joinEpoch)],
          ['held_epoch', 'bigint', members.map(({ row }) => row.heldEpoch)],
          ['client_address', 'text', members.map(({ row }) => row.clientAddress)],
          ['client_software', 'text', members.map(({ row }) => row.clientSoftware)],
        ])}
      ON CONFLICT (group_id, member_id) DO UPDATE
        SET principal = excluded.principal, topics = excluded.topics, pattern = excluded.pattern,
            session_timeout_ms = excluded.session_timeout_ms,
            rebalance_timeout_ms = excluded.rebalance_timeout_ms, joined_at = excluded.joined_at,
            join_epoch = excluded.join_epoch, held_epoch = excluded.held_epoch,
            client_address = excluded.client_address, client_software = excluded.client_software`
}

function upsertPartitions(partitions: readonly Of<PartitionRow>[]): SQL {
  const topicIds = partitions.map(({ row }) => row.topicId)
  return sql`
    WITH ${livingTopics(topicIds)}
    INSERT INTO courant.group_partition
        (group_id, topic_id, partition, tenant_id, owner, assignment_epoch, target)
      SELECT group_id, given.topic_id, partition, tenant_id, owner, assignment_epoch, target
        FROM ${unnest([
          ['group_id', 'uuid', partitions.map(({ of }) => of.groupId)],
          ['topic_id', 'uuid', topicIds],
          ['partition', 'int', partitions.map(({ row }) => row.partition)],
          ['tenant_id', 'uuid', partitions.map(({ of }) => of.tenantId)],
          ['owner', 'text', partitions.map(({ row }) => row.owner)],
          ['assignment_epoch', 'bigint', partitions.map(({ row }) => row.assignmentEpoch)],
          ['target', 'text', partitions.map(({ row }) => row.target)],
        ])} JOIN living ON living.topic_id = given.topic_id
      ON CONFLICT (group_id, topic_id, partition) DO UPDATE
        SET owner = excluded.owner, assignment_epoch = excluded.assignment_epoch,
            target = excluded.target`
}

/** Which of the topics exist; none of them is deleted before the transaction ends. */
export function livingTopics(topicIds: Iterable<string>): SQL {
  return sql`living AS (
    SELECT topic.topic_id FROM courant.topic
      WHERE topic.topic_id = ANY (${sql.param([...new Set(topicIds)])}::uuid[])
      ORDER BY topic.topic_id FOR KEY SHARE)`
}

/** Columns of the same length as the table `given`. */
export function unnest(
  columns: readonly (readonly [name: string, type: string, values: readonly unknown[]])[],
): SQL {
  const arrays = columns.map(([, type, values]) => sql`${sql.param(values)}::${sql.raw(type)}[]`)
  const names = columns.map(([name]) => sql.raw(name))
  return sql`unnest(${sql.join(arrays, sql`, `)}) AS given (${sql.join(names, sql`, `)})`
}
