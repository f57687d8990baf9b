import { sql } from 'drizzle-orm'
import type { Transaction } from '../database/database.ts'
import type { Change } from '../database/record-changes.ts'

/**
 * A topic's replication factor, which new partitions will have, is that of its partitions once they
 * all have the same, or are on their way to it.
 */
export async function followReplicationFactor(
  transaction: Transaction,
  topicIds: readonly string[],
): Promise<Change[]> {
  const { rows } = await transaction.execute<{ topic_id: string }>(sql`
    WITH goal AS (
      SELECT topic_id, min(size) AS least, max(size) AS most FROM (
        SELECT topic_id, cardinality(
            CASE WHEN target_replicas = '{}' THEN replicas ELSE target_replicas END) AS size
          FROM courant.partition WHERE topic_id = ANY (${sql.param([...new Set(topicIds)])}::uuid[])
      ) AS partitions GROUP BY topic_id)
    UPDATE courant.topic SET replication_factor = goal.most FROM goal
      WHERE topic.topic_id = goal.topic_id AND goal.least = goal.most
        AND topic.replication_factor <> goal.most
      RETURNING topic.topic_id`)
  return rows.map(({ topic_id }) => ({ kind: 'topic', key: topic_id }))
}
