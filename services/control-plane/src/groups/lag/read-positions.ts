import { type Address, limits } from '@courant/kernel'
import { sql } from 'drizzle-orm'
import type { Database } from '../../database/database.ts'

/** Where a group stands in one partition, and who knows the end of that. */
export interface Position {
  readonly shard: number
  readonly tenantId: string
  /** The tenant's name. */
  readonly tenant: string
  readonly group: string
  readonly topicId: string
  readonly topic: string
  readonly partition: number
  /** Null: nothing was committed, so that all that is there is unprocessed. */
  readonly committedOffset: number | null
  readonly leaderEpoch: number
  /** Null without one. */
  readonly leader: Address | null
}

export interface Positions {
  /** All of a group, or none. */
  readonly positions: readonly Position[]
  /** How many there are beyond the limit. */
  readonly unread: number
}

interface Row extends Record<string, unknown> {
  readonly shard: number
  readonly tenant_id: string
  readonly tenant: string
  readonly group: string
  readonly topic_id: string
  readonly topic: string
  readonly partition: number
  readonly committed_offset: string | null
  readonly leader_epoch: number
  readonly host: string | null
  readonly port: number | null
}

/** Of all groups of the shards, those without members included. */
export function readPositions(
  database: Database,
  shards: readonly number[],
  max: number = limits.lagPositionsMax,
): Promise<Positions> {
  return database.snapshot(async (transaction) => {
    const { rows } = await transaction.execute<Row>(sql`
      SELECT consumer.shard, consumer.tenant_id, owner.name AS tenant, consumer.name AS "group",
          place.topic_id, topic.name AS topic, place.partition, place.committed_offset,
          log.leader_epoch, leader.host, leader.port
        FROM ${places(shards)}
        JOIN courant.tenant owner ON owner.tenant_id = consumer.tenant_id
        JOIN courant.topic topic ON topic.topic_id = place.topic_id
        JOIN courant.partition log
          ON log.topic_id = place.topic_id AND log.partition = place.partition
        LEFT JOIN courant.broker leader ON leader.broker_id = log.leader
        ORDER BY consumer.tenant_id, consumer.name LIMIT ${max + 1}`)
    const read = rows.map(positionOf)
    if (read.length <= max) return { positions: read, unread: 0 }
    const positions = withoutLastGroup(read)
    const count = await transaction.execute<{ count: string }>(
      sql`SELECT count(*) FROM ${places(shards)}`,
    )
    return { positions, unread: Number(count.rows[0]?.count) - positions.length }
  })
}

/** Where a group has an offset, and where a member is to read that has committed nothing yet. */
function places(shards: readonly number[]) {
  return sql`courant.consumer_group consumer CROSS JOIN LATERAL (
    SELECT topic_id, partition, committed.committed_offset
      FROM (SELECT * FROM courant.group_offset WHERE group_id = consumer.group_id) committed
      FULL JOIN
        (SELECT * FROM courant.group_partition WHERE group_id = consumer.group_id) assigned
        USING (topic_id, partition)
      WHERE consumer.shard = ANY (${sql.param([...shards])}::int[])) place`
}

/** It may have been cut off: half a group has half a lag. */
function withoutLastGroup(positions: readonly Position[]): readonly Position[] {
  const last = positions.at(-1)
  return positions.filter(
    ({ tenantId, group }) => tenantId !== last?.tenantId || group !== last.group,
  )
}

function positionOf(row: Row): Position {
  const { shard, tenant, group, topic, partition, host, port } = row
  return {
    ...{ shard, tenant, group, topic, partition },
    tenantId: row.tenant_id,
    topicId: row.topic_id,
    committedOffset: row.committed_offset === null ? null : Number(row.committed_offset),
    leaderEpoch: row.leader_epoch,
    leader: host === null || port === null ? null : { host, port },
  }
}
