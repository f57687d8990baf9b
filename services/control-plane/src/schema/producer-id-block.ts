import { bigint, integer, uuid } from 'drizzle-orm/pg-core'
import { courant } from './courant-schema.ts'

export const producerIdBlock = courant.table('producer_id_block', {
  firstProducerId: bigint('first_producer_id', { mode: 'number' }).primaryKey(),
  /** Null for the platform's own producers. */
  tenantId: uuid('tenant_id'),
  brokerId: integer('broker_id').notNull(),
})
