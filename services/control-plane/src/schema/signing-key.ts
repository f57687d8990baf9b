import { integer, timestamp } from 'drizzle-orm/pg-core'
import { bytea, courant } from './courant-schema.ts'

export const signingKey = courant.table('signing_key', {
  keyId: integer('key_id').primaryKey().generatedAlwaysAsIdentity(),
  secret: bytea('secret').notNull(),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
})
