import { bigint, boolean, primaryKey, text, timestamp, uuid } from 'drizzle-orm/pg-core'
import { courant } from './courant-schema.ts'

/** One row: identity of the cluster and the version counter of its metadata. */
export const clusterMeta = courant.table('cluster_meta', {
  onlyRow: boolean('only_row').primaryKey(),
  clusterId: uuid('cluster_id').notNull(),
  clusterIncarnation: bigint('cluster_incarnation', { mode: 'number' }).notNull(),
  metadataVersion: bigint('metadata_version', { mode: 'number' }).notNull(),
  feedFloor: bigint('feed_floor', { mode: 'number' }).notNull(),
  reassignmentBytesPerSecond: bigint('reassignment_bytes_per_second', { mode: 'number' }).notNull(),
  reportedIncarnation: bigint('reported_incarnation', { mode: 'number' }).notNull(),
  reportedVersion: bigint('reported_version', { mode: 'number' }).notNull(),
  /** As text where it is read: a Date would lose its microseconds. */
  confirmedServer: timestamp('confirmed_server', { withTimezone: true }).notNull(),
})

/** Kinds of things in the feed, spelt as in the digest (metadata.proto). */
export type ChangeKind = 'tenant' | 'api_key' | 'topic' | 'partition' | 'broker'

/** The version of the latest change of each thing that ever was. */
export const metadataChange = courant.table(
  'metadata_change',
  {
    kind: text('kind').$type<ChangeKind>().notNull(),
    key: text('key').notNull(),
    version: bigint('version', { mode: 'number' }).notNull(),
    deletedAt: timestamp('deleted_at', { withTimezone: true }),
  },
  (table) => [primaryKey({ columns: [table.kind, table.key] })],
)
