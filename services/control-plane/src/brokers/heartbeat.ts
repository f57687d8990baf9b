/** Heartbeats (B2.4, B2.5, B2.8, B2.9): they renew the session, and carry the broker's wishes. */
import type { SendHeartbeatRequest, SendHeartbeatResponse } from '@courant/api/internal/v1/broker'
import type { MetadataPosition } from '@courant/kernel'
import { and, eq } from 'drizzle-orm'
import type { Cluster } from '../cluster.ts'
import type { Transaction } from '../database/database.ts'
import { runElections } from '../elections/run-elections.ts'
import { hear } from '../rollback/hear.ts'
import { readStanding } from '../rollback/read-standing.ts'
import { type BrokerRow, broker } from '../schema/broker.ts'
import { renewSession } from './broker-session.ts'
import { brokerStateWire } from './broker-wire.ts'
import { changeState } from './change-state.ts'
import { renewsSession, wantedState } from './judge-heartbeat.ts'
import { lockBroker } from './lock-broker.ts'
import { hasMovableLeaderships } from './movable-leaderships.ts'
import { staleBrokerEpoch } from './stale-broker-epoch.ts'

export interface Heartbeats {
  readonly cluster: Cluster
  readonly sessionTimeoutMs: number
  /**
   * The metadata version of one session timeout ago, 0 if that is not known. Whoever has not
   * applied it follows no elections any more: it is let expire (amendment 5), and leads nothing
   * before it has caught up.
   */
  readonly versionOneSessionAgo: () => number
}

interface Renewal {
  readonly row: BrokerRow
  /** Absent when the session was not renewed. */
  readonly renewedAt?: MetadataPosition
}

/**
 * Throws STALE_BROKER_EPOCH when the broker has no session of this epoch, METADATA_ROLLBACK when
 * somebody has seen newer metadata than the database holds.
 */
export async function sendHeartbeat(
  heartbeats: Heartbeats,
  request: SendHeartbeatRequest,
): Promise<SendHeartbeatResponse> {
  const { cluster } = heartbeats
  await hear(cluster, request)
  const { row, renewedAt } = await cluster.database.platform((transaction) =>
    renew(heartbeats, transaction, request),
  )
  const wanted = wantedState(row, request, heartbeats.versionOneSessionAgo())
  if (wanted !== null) await moveTo(cluster, request, wanted)
  const state = wanted ?? row.state
  return {
    state: brokerStateWire(state),
    mayStop: request.wantShutdown && (await mayStop(cluster, request.brokerId, state)),
    renewedAt,
  }
}

async function renew(
  { sessionTimeoutMs, versionOneSessionAgo }: Heartbeats,
  transaction: Transaction,
  request: SendHeartbeatRequest,
): Promise<Renewal> {
  const { brokerId, brokerEpoch, metadataVersion } = request
  // Unlocked: what follows from it is checked again under the lock.
  const [row] = await transaction
    .select()
    .from(broker)
    .where(and(eq(broker.brokerId, brokerId), eq(broker.brokerEpoch, brokerEpoch)))
  if (row === undefined) throw staleBrokerEpoch()
  if (!renewsSession(row, request, versionOneSessionAgo())) return { row }
  const session = { brokerId, brokerEpoch, metadataVersion, timeoutMs: sessionTimeoutMs }
  if (!(await renewSession(transaction, session))) throw staleBrokerEpoch()
  // Behind the lock of the session: an expiry that came first is in it, and the next one is far.
  const { clusterIncarnation, metadataVersion: renewedVersion } = await readStanding(transaction)
  return { row, renewedAt: { clusterIncarnation, metadataVersion: renewedVersion } }
}

async function moveTo(
  cluster: Cluster,
  { brokerId, brokerEpoch }: SendHeartbeatRequest,
  state: BrokerRow['state'],
): Promise<void> {
  await cluster.database.platform(
    async (transaction) => {
      const row = await lockBroker(transaction, brokerId)
      if (row === null || row.brokerEpoch !== brokerEpoch) throw staleBrokerEpoch()
      if (row.state !== state) await changeState(cluster, transaction, row, state)
    },
    { onLostCommit: 'repeat' },
  )
  await runElections(cluster)
}

/** Fenced brokers lead nothing; a draining one waits until nobody else could lead in its place. */
async function mayStop(
  cluster: Cluster,
  brokerId: number,
  state: BrokerRow['state'],
): Promise<boolean> {
  if (state !== 'draining') return true
  return !(await hasMovableLeaderships(cluster, brokerId))
}
