import { bigint, integer, text, timestamp, uuid } from 'drizzle-orm/pg-core'
import { courant } from './courant-schema.ts'

/** Who coordinates the groups of a shard. */
export const groupShardTable = courant.table('group_shard', {
  shard: integer('shard').primaryKey(),
  owner: uuid('owner'),
  epoch: bigint('epoch', { mode: 'number' }).notNull(),
})

/** The control planes that live. */
export const controlPlaneTable = courant.table('control_plane', {
  instanceId: uuid('instance_id').primaryKey(),
  address: text('address').notNull(),
  renewals: bigint('renewals', { mode: 'number' }).notNull().default(0),
  expiresAt: timestamp('expires_at', { withTimezone: true }).notNull(),
})
