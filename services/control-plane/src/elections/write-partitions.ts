import { sql } from 'drizzle-orm'
import type { Transaction } from '../database/database.ts'
import type { Change } from '../database/record-changes.ts'
import { partitionKey } from '../partitions/partition-key.ts'
import type { PartitionRow } from '../schema/partition.ts'

/**
 * Writes the states that were decided for partitions which the transaction has locked; in one
 * statement, because a broker that comes back may lead ten thousand. Returns what to record.
 */
export async function writePartitions(
  transaction: Transaction,
  rows: readonly PartitionRow[],
): Promise<Change[]> {
  if (rows.length === 0) return []
  const values = rows.map((row) => ({
    topic_id: row.topicId,
    partition: row.partition,
    replicas: row.replicas,
    in_sync: row.inSyncReplicas,
    eligible: row.eligibleReplicas,
    last_known: row.lastKnownEligibleReplicas,
    leader: row.leader,
    leader_epoch: row.leaderEpoch,
    partition_epoch: row.partitionEpoch,
    min_isr: row.effectiveMinIsr,
    last_unclean: row.lastUncleanLeaderEpoch,
    target: row.targetReplicas,
    adding: row.addingReplicas,
  }))
  await transaction.execute(sql`
    UPDATE courant.partition AS old SET
        replicas = new.replicas,
        in_sync_replicas = new.in_sync,
        eligible_replicas = new.eligible,
        last_known_eligible_replicas = new.last_known,
        leader = new.leader,
        leader_epoch = new.leader_epoch,
        partition_epoch = new.partition_epoch,
        effective_min_isr = new.min_isr,
        last_unclean_leader_epoch = new.last_unclean,
        target_replicas = new.target,
        adding_replicas = new.adding
      FROM jsonb_to_recordset(${JSON.stringify(values)}::jsonb) AS new (
        topic_id uuid, partition integer, replicas integer[], in_sync integer[],
        eligible integer[], last_known integer[], leader integer, leader_epoch integer,
        partition_epoch integer, min_isr integer, last_unclean integer, target integer[],
        adding integer[])
      WHERE old.topic_id = new.topic_id AND old.partition = new.partition`)
  return rows.map((row) => ({ kind: 'partition', key: partitionKey(row) }))
}
