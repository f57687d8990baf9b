import { integer, jsonb, text, timestamp, uuid } from 'drizzle-orm/pg-core'
import { courant } from './courant-schema.ts'

export const topic = courant.table('topic', {
  topicId: uuid('topic_id').primaryKey(),
  tenantId: uuid('tenant_id').notNull(),
  name: text('name').notNull(),
  partitionCount: integer('partition_count').notNull(),
  replicationFactor: integer('replication_factor').notNull(),
  /** Settings under Kafka's names, as text. */
  config: jsonb('config').$type<Readonly<Record<string, string>>>().notNull().default({}),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
})

export const topicTombstone = courant.table('topic_tombstone', {
  topicId: uuid('topic_id').primaryKey(),
  tenantId: uuid('tenant_id').notNull(),
  name: text('name').notNull(),
  deletedAt: timestamp('deleted_at', { withTimezone: true }).notNull().defaultNow(),
})

export type TopicRow = typeof topic.$inferSelect
