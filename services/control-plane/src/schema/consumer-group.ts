import type { AssignorName } from '@courant/group'
import { bigint, integer, primaryKey, text, timestamp, uuid } from 'drizzle-orm/pg-core'
import { courant } from './courant-schema.ts'

export const consumerGroup = courant.table('consumer_group', {
  groupId: uuid('group_id').primaryKey(),
  tenantId: uuid('tenant_id').notNull(),
  name: text('name').notNull(),
  shard: integer('shard').notNull(),
  assignor: text('assignor').$type<AssignorName>().notNull(),
  groupEpoch: bigint('group_epoch', { mode: 'number' }).notNull(),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull(),
  emptySince: timestamp('empty_since', { withTimezone: true }),
})

export const groupMember = courant.table(
  'group_member',
  {
    groupId: uuid('group_id').notNull(),
    memberId: text('member_id').notNull(),
    tenantId: uuid('tenant_id').notNull(),
    principal: text('principal').notNull(),
    topics: text('topics').array().notNull(),
    pattern: text('pattern').notNull(),
    sessionTimeoutMs: integer('session_timeout_ms').notNull(),
    rebalanceTimeoutMs: integer('rebalance_timeout_ms').notNull(),
    joinedAt: timestamp('joined_at', { withTimezone: true }).notNull(),
    joinEpoch: bigint('join_epoch', { mode: 'number' }).notNull(),
    heldEpoch: bigint('held_epoch', { mode: 'number' }),
    clientAddress: text('client_address').notNull(),
    clientSoftware: text('client_software').notNull(),
  },
  (table) => [primaryKey({ columns: [table.groupId, table.memberId] })],
)

export const groupPartition = courant.table(
  'group_partition',
  {
    groupId: uuid('group_id').notNull(),
    topicId: uuid('topic_id').notNull(),
    partition: integer('partition').notNull(),
    tenantId: uuid('tenant_id').notNull(),
    owner: text('owner'),
    assignmentEpoch: bigint('assignment_epoch', { mode: 'number' }).notNull(),
    target: text('target'),
  },
  (table) => [primaryKey({ columns: [table.groupId, table.topicId, table.partition] })],
)

export const groupOffset = courant.table(
  'group_offset',
  {
    groupId: uuid('group_id').notNull(),
    topicId: uuid('topic_id').notNull(),
    partition: integer('partition').notNull(),
    tenantId: uuid('tenant_id').notNull(),
    committedOffset: bigint('committed_offset', { mode: 'number' }).notNull(),
    leaderEpoch: integer('leader_epoch').notNull(),
    metadata: text('metadata').notNull(),
    commitVersion: bigint('commit_version', { mode: 'number' }).notNull(),
    committedAt: timestamp('committed_at', { withTimezone: true }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.groupId, table.topicId, table.partition] })],
)
