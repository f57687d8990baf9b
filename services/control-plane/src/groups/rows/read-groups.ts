/** Groups as they are stored, with their committed offsets. */
import type { MemberRow, PartitionRow, StoredGroup } from '@courant/group'
import { and, eq, inArray, isNull } from 'drizzle-orm'
import { currentVersion } from '../../database/current-version.ts'
import type { Database, Transaction } from '../../database/database.ts'
import {
  consumerGroup,
  groupMember,
  groupOffset,
  groupPartition,
} from '../../schema/consumer-group.ts'
import { tenant } from '../../schema/tenant.ts'
import { CommittedOffsets } from '../coordination/committed-offsets.ts'

export interface ReadGroup {
  readonly stored: StoredGroup
  readonly offsets: CommittedOffsets
}

export interface Reading {
  readonly groups: readonly ReadGroup[]
  /** The topics that the rows speak of are those of this version, or of a later one. */
  readonly metadataVersion: number
}

export function readGroupsWithMembers(
  database: Database,
  shards: readonly number[],
): Promise<Reading> {
  return database.snapshot(async (transaction) => {
    const living = and(inArray(consumerGroup.shard, [...shards]), isNull(consumerGroup.emptySince))
    const rows = await transaction.select().from(consumerGroup).where(living)
    return { groups: await readParts(transaction, rows), ...(await versionOf(transaction)) }
  })
}

/** Of one group, and what matters if it is to be made. */
export interface TenantReading extends Reading {
  readonly tenantExists: boolean
  readonly groupsOfTenant: number
}

export function readGroup(
  database: Database,
  tenantId: string,
  name: string,
): Promise<TenantReading> {
  return database.snapshot(async (transaction) => {
    const { tenantId: owner, name: named } = consumerGroup
    const rows = await transaction
      .select()
      .from(consumerGroup)
      .where(and(eq(owner, tenantId), eq(named, name)))
    const isNew = rows.length === 0
    return {
      groups: await readParts(transaction, rows),
      ...(await versionOf(transaction)),
      tenantExists: !isNew || (await transaction.$count(tenant, eq(tenant.tenantId, tenantId))) > 0,
      groupsOfTenant: isNew ? await transaction.$count(consumerGroup, eq(owner, tenantId)) : 1,
    }
  })
}

async function versionOf(transaction: Transaction): Promise<{ metadataVersion: number }> {
  return { metadataVersion: await currentVersion(transaction) }
}

type Rows = (typeof consumerGroup.$inferSelect)[]

async function readParts(transaction: Transaction, rows: Rows): Promise<ReadGroup[]> {
  if (rows.length === 0) return []
  const ids = rows.map(({ groupId }) => groupId)
  const members = Map.groupBy(
    await transaction.select().from(groupMember).where(inArray(groupMember.groupId, ids)),
    byGroup,
  )
  const partitions = Map.groupBy(
    await transaction.select().from(groupPartition).where(inArray(groupPartition.groupId, ids)),
    byGroup,
  )
  const offsets = Map.groupBy(
    await transaction
      .select({
        groupId: groupOffset.groupId,
        topicId: groupOffset.topicId,
        partition: groupOffset.partition,
        offset: groupOffset.committedOffset,
        leaderEpoch: groupOffset.leaderEpoch,
      })
      .from(groupOffset)
      .where(inArray(groupOffset.groupId, ids)),
    byGroup,
  )
  return rows.map((row) => ({
    stored: {
      group: {
        ...row,
        createdAtMs: row.createdAt.getTime(),
        emptySinceMs: row.emptySince?.getTime() ?? null,
      },
      members: (members.get(row.groupId) ?? []).map(memberOf),
      partitions: (partitions.get(row.groupId) ?? []) satisfies PartitionRow[],
    },
    offsets: new CommittedOffsets(offsets.get(row.groupId) ?? []),
  }))
}

function byGroup({ groupId }: { readonly groupId: string }): string {
  return groupId
}

function memberOf({
  topics,
  pattern,
  joinedAt,
  ...row
}: typeof groupMember.$inferSelect): MemberRow {
  return { ...row, subscription: { topics, pattern }, joinedAtMs: joinedAt.getTime() }
}
