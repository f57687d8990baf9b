import { text, timestamp, uuid } from 'drizzle-orm/pg-core'
import { courant } from './courant-schema.ts'

export const tenant = courant.table('tenant', {
  tenantId: uuid('tenant_id').primaryKey(),
  name: text('name').notNull(),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
})

export type TenantRow = typeof tenant.$inferSelect
