import type { BrokerStatus, ListBrokersResponse } from '@courant/api/internal/v1/cluster'
import { assert } from '@courant/kernel'
import { asc, eq, sql } from 'drizzle-orm'
import { currentVersion } from '../database/current-version.ts'
import type { Database, Transaction } from '../database/database.ts'
import { broker, brokerSession } from '../schema/broker.ts'
import { clusterMeta } from '../schema/cluster.ts'
import { brokerWire } from './broker-wire.ts'

interface Holdings {
  readonly leaderships: number
  readonly preferredLeaderships: number
  readonly replicas: number
  readonly replicasInSync: number
}

const NOTHING: Holdings = {
  leaderships: 0,
  preferredLeaderships: 0,
  replicas: 0,
  replicasInSync: 0,
}

/** All of them with what they hold, in the order of their ids, from one state of everything. */
export function listBrokers(database: Database): Promise<ListBrokersResponse> {
  return database.snapshot(async (transaction) => {
    const holdings = await readHoldings(transaction)
    const throttle = await readThrottle(transaction)
    const rows = await transaction
      .select({
        row: broker,
        sessionEndsInMs: sql<number>`coalesce(floor(1000 *
          extract(epoch FROM ${brokerSession.expiresAt} - clock_timestamp())), 0)::float8`,
      })
      .from(broker)
      .leftJoin(brokerSession, eq(brokerSession.brokerId, broker.brokerId))
      .orderBy(asc(broker.brokerId))
    const brokers = rows.map(
      ({ row, sessionEndsInMs }): BrokerStatus => ({
        broker: brokerWire(row, throttle),
        registeredAtMs: row.registeredAt.getTime(),
        sessionEndsInMs,
        drainingReplicas: row.isEmptying,
        ...(holdings.get(row.brokerId) ?? NOTHING),
      }),
    )
    const metadataVersion = await currentVersion(transaction)
    return { brokers, metadataVersion, reassignmentBytesPerSecond: throttle }
  })
}

async function readThrottle(transaction: Transaction): Promise<number> {
  const [row] = await transaction
    .select({ bytesPerSecond: clusterMeta.reassignmentBytesPerSecond })
    .from(clusterMeta)
  assert(row !== undefined, 'the cluster has its one row')
  return row.bytesPerSecond
}

type HoldingsRow = Record<
  'broker_id' | 'leaderships' | 'preferred' | 'replicas' | 'in_sync',
  number
>

async function readHoldings(transaction: Transaction): Promise<ReadonlyMap<number, Holdings>> {
  const { rows } = await transaction.execute<HoldingsRow>(sql`
    SELECT broker_id,
        count(*)::integer AS replicas,
        count(*) FILTER (WHERE leader = broker_id)::integer AS leaderships,
        count(*) FILTER (WHERE replicas[1] = broker_id)::integer AS preferred,
        count(*) FILTER (WHERE broker_id = ANY (in_sync_replicas))::integer AS in_sync
      FROM courant.partition, unnest(replicas) AS broker_id
      GROUP BY broker_id`)
  return new Map(
    rows.map((row) => [
      row.broker_id,
      {
        leaderships: row.leaderships,
        preferredLeaderships: row.preferred,
        replicas: row.replicas,
        replicasInSync: row.in_sync,
      },
    ]),
  )
}
