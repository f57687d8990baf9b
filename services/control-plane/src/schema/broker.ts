import { bigint, boolean, integer, text, timestamp, uuid } from 'drizzle-orm/pg-core'
import { courant } from './courant-schema.ts'

export const broker = courant.table('broker', {
  brokerId: integer('broker_id').primaryKey(),
  brokerEpoch: bigint('broker_epoch', { mode: 'number' }).notNull(),
  vouchedDirectoryId: uuid('vouched_directory_id'),
  vouchedEpochs: bigint('vouched_epochs', { mode: 'number' }).array().notNull().default([]),
  incarnationId: uuid('incarnation_id').notNull(),
  directoryId: uuid('directory_id').notNull(),
  host: text('host').notNull(),
  port: integer('port').notNull(),
  rack: text('rack').notNull(),
  state: text('state').$type<'fenced' | 'active' | 'draining'>().notNull(),
  registeredAt: timestamp('registered_at', { withTimezone: true }).notNull().defaultNow(),
  isEmptying: boolean('is_emptying').notNull().default(false),
})

export const brokerSession = courant.table('broker_session', {
  brokerId: integer('broker_id').primaryKey(),
  brokerEpoch: bigint('broker_epoch', { mode: 'number' }).notNull(),
  expiresAt: timestamp('expires_at', { withTimezone: true }).notNull(),
  metadataVersion: bigint('metadata_version', { mode: 'number' }).notNull().default(0),
  heardServer: timestamp('heard_server', { withTimezone: true }),
})

export type BrokerRow = typeof broker.$inferSelect
