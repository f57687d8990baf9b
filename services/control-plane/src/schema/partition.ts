import { integer, primaryKey, uuid } from 'drizzle-orm/pg-core'
import { courant } from './courant-schema.ts'

export const partition = courant.table(
  'partition',
  {
    topicId: uuid('topic_id').notNull(),
    partition: integer('partition').notNull(),
    tenantId: uuid('tenant_id').notNull(),
    replicas: integer('replicas').array().notNull(),
    inSyncReplicas: integer('in_sync_replicas').array().notNull(),
    eligibleReplicas: integer('eligible_replicas').array().notNull().default([]),
    lastKnownEligibleReplicas: integer('last_known_eligible_replicas')
      .array()
      .notNull()
      .default([]),
    leader: integer('leader'),
    leaderEpoch: integer('leader_epoch').notNull().default(0),
    partitionEpoch: integer('partition_epoch').notNull().default(0),
    effectiveMinIsr: integer('effective_min_isr').notNull(),
    lastUncleanLeaderEpoch: integer('last_unclean_leader_epoch').notNull().default(0),
    /** Empty unless the partition moves: then the replicas that it will have. */
    targetReplicas: integer('target_replicas').array().notNull().default([]),
    /** Those of the target that it did not have before. */
    addingReplicas: integer('adding_replicas').array().notNull().default([]),
  },
  (table) => [primaryKey({ columns: [table.topicId, table.partition] })],
)

export type PartitionRow = typeof partition.$inferSelect
