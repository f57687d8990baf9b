/** The row that says that a control plane lives, and until when: one for all of its shards. */
import { and, eq, gte, sql } from 'drizzle-orm'
import type { Database } from '../../database/database.ts'
import { controlPlaneTable } from '../../schema/group-shard.ts'

/** How this control plane is registered. */
export interface Registration {
  readonly instanceId: string
  /** As of the last renewal that was answered. */
  readonly renewals: number
}

export interface NewRegistration {
  readonly instanceId: string
  /** host:port, where gateways find it. */
  readonly address: string
  readonly leaseMs: number
  /** An earlier registration of this very process, which is over. */
  readonly replaces: string | null
}

/**
 * The first registration of a process also ends that of whoever had its address before: that
 * process is gone, or this one could not listen there. So a restart after a crash waits for no
 * lease.
 */
export async function register(
  database: Database,
  { instanceId, address, leaseMs, replaces }: NewRegistration,
): Promise<Registration> {
  const older =
    replaces === null
      ? eq(controlPlaneTable.address, address)
      : eq(controlPlaneTable.instanceId, replaces)
  await database.platform(
    async (transaction) => {
      await transaction
        .delete(controlPlaneTable)
        .where(and(older, sql`${controlPlaneTable.instanceId} <> ${instanceId}`))
      await transaction
        .insert(controlPlaneTable)
        .values({ instanceId, address, expiresAt: afterNow(leaseMs) })
        .onConflictDoNothing()
    },
    { onLostCommit: 'repeat' },
  )
  return { instanceId, renewals: 0 }
}

/**
 * Null when the lease is over, whoever has ended it, or when the row is older than what was read of
 * it: then the database went back in time, and what memory holds may contradict its rows (B1.2).
 */
export async function renew(
  database: Database,
  { instanceId, renewals }: Registration,
  leaseMs: number,
): Promise<Registration | null> {
  const [row] = await database.platform(
    (transaction) =>
      transaction
        .update(controlPlaneTable)
        .set({ expiresAt: afterNow(leaseMs), renewals: sql`${controlPlaneTable.renewals} + 1` })
        .where(
          and(
            eq(controlPlaneTable.instanceId, instanceId),
            gte(controlPlaneTable.renewals, renewals),
            sql`${controlPlaneTable.expiresAt} > clock_timestamp()`,
          ),
        )
        .returning({ renewals: controlPlaneTable.renewals }),
    { onLostCommit: 'repeat' },
  )
  return row === undefined ? null : { instanceId, renewals: row.renewals }
}

/** By the database's clock, the only one that all control planes share. */
function afterNow(leaseMs: number) {
  return sql`clock_timestamp() + ${leaseMs} * interval '1 millisecond'`
}
