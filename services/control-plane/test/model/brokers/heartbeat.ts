import type { SendHeartbeatRequest, SendHeartbeatResponse } from '@courant/api/internal/v1/broker'
import type { MetadataPosition } from '@courant/kernel'
import { brokerStateWire } from '../../../src/brokers/broker-wire.ts'
import {
  inState,
  losesEligibility,
  renewsSession,
  wantedState,
} from '../../../src/brokers/judge-heartbeat.ts'
import { loseEligibility } from '../../../src/brokers/lose-eligibility.ts'
import { staleBrokerEpoch } from '../../../src/brokers/stale-broker-epoch.ts'
import type { Change } from '../../../src/database/record-changes.ts'
import type { BrokerRow } from '../../../src/schema/broker.ts'
import type { ModelCluster } from '../database/model-cluster.ts'
import { metaOf, type Transaction, transaction, type Work } from '../database/transaction.ts'
import { partitionsWhere, writePartitions } from '../elections/partitions.ts'
import { runElections } from '../elections/run-elections.ts'
import { hear } from '../rollback/hear.ts'

interface ModelHeartbeats {
  readonly cluster: ModelCluster
  readonly sessionTimeoutMs: number
  /** The metadata version of one session timeout ago, 0 if that is not known. */
  readonly versionOneSessionAgo: () => number
}

export function* sendHeartbeat(
  heartbeats: ModelHeartbeats,
  request: SendHeartbeatRequest,
): Work<SendHeartbeatResponse> {
  const { cluster, versionOneSessionAgo } = heartbeats
  yield* hear(request)
  const { row, renewedAt } = yield* transaction((within) => renew(heartbeats, within, request))
  const wanted = wantedState(row, request, versionOneSessionAgo())
  if (wanted !== null) yield* moveTo(cluster, request, wanted)
  const state = wanted ?? row.state
  return {
    state: brokerStateWire(state),
    mayStop: request.wantShutdown && (yield* mayStop(request.brokerId, state)),
    renewedAt,
  }
}

function renew(
  { sessionTimeoutMs, versionOneSessionAgo }: ModelHeartbeats,
  within: Transaction,
  request: SendHeartbeatRequest,
): { readonly row: BrokerRow; readonly renewedAt?: MetadataPosition } {
  const { state, nowMs } = within
  const { brokerId, brokerEpoch, metadataVersion } = request
  const row = state.brokers.get(brokerId)
  if (row?.brokerEpoch !== brokerEpoch) throw staleBrokerEpoch()
  if (!renewsSession(row, request, versionOneSessionAgo())) return { row }
  const session = state.sessions.get(brokerId)
  if (session?.brokerEpoch !== brokerEpoch) throw staleBrokerEpoch()
  const expiresAtMs = nowMs + sessionTimeoutMs
  state.sessions.set(brokerId, { ...session, expiresAtMs, metadataVersion })
  const { clusterIncarnation, metadataVersion: renewedVersion } = metaOf(within)
  return { row, renewedAt: { clusterIncarnation, metadataVersion: renewedVersion } }
}

function* moveTo(
  cluster: ModelCluster,
  { brokerId, brokerEpoch }: SendHeartbeatRequest,
  state: BrokerRow['state'],
): Work<void> {
  yield* transaction((within) => {
    const row = within.state.brokers.get(brokerId)
    if (row?.brokerEpoch !== brokerEpoch) throw staleBrokerEpoch()
    if (row.state !== state) changeState(cluster, within, row, state)
  }, 'repeat')
  yield* runElections(cluster)
}

export function changeState(
  cluster: ModelCluster,
  within: Transaction,
  row: BrokerRow,
  state: BrokerRow['state'],
): void {
  const { brokerId } = row
  within.state.brokers.set(brokerId, inState(row, state))
  const changes = losesEligibility(row, state) ? endEligibility(within, brokerId) : []
  cluster.record(within, [...changes, { kind: 'broker', key: String(brokerId) }])
}

function endEligibility(within: Transaction, brokerId: number): Change[] {
  const rows = partitionsWhere(within, (row) => row.eligibleReplicas.includes(brokerId))
  return writePartitions(
    within,
    rows.map((row) => loseEligibility(row, brokerId)),
  )
}

function* mayStop(brokerId: number, state: BrokerRow['state']): Work<boolean> {
  if (state !== 'draining') return true
  return !(yield* transaction((within) => hasMovableLeaderships(within, brokerId)))
}

function hasMovableLeaderships({ state }: Transaction, brokerId: number): boolean {
  const isActive = (id: number): boolean => state.brokers.get(id)?.state === 'active'
  for (const { leader, inSyncReplicas, eligibleReplicas } of state.partitions.values()) {
    if (leader !== brokerId) continue
    if (inSyncReplicas.some(isActive) || eligibleReplicas.some(isActive)) return true
  }
  return false
}
