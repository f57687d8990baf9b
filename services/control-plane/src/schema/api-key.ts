import { text, timestamp, uuid } from 'drizzle-orm/pg-core'
import { bytea, courant } from './courant-schema.ts'

export const apiKey = courant.table('api_key', {
  keyId: text('key_id').primaryKey(),
  /** Null for a key of a platform operator. */
  tenantId: uuid('tenant_id'),
  name: text('name').notNull(),
  secretSha256: bytea('secret_sha256').notNull(),
  scope: text('scope').$type<'tenant_admin' | 'operator'>().notNull(),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  expiresAt: timestamp('expires_at', { withTimezone: true }),
})

export type ApiKeyRow = typeof apiKey.$inferSelect
