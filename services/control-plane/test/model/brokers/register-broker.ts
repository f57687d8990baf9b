import type { RegisterBrokerRequest, RegisterBrokerResponse } from '@courant/api/internal/v1/broker'
import {
  checkRegistration,
  refuseSecond,
  vouchedAfter,
} from '../../../src/brokers/judge-registration.ts'
import { leaveReplicaSet } from '../../../src/brokers/leave-replica-set.ts'
import type { Change } from '../../../src/database/record-changes.ts'
import type { ModelCluster } from '../database/model-cluster.ts'
import { type Transaction, transaction, type Work } from '../database/transaction.ts'
import { partitionsWhere, writePartitions } from '../elections/partitions.ts'
import { runElections } from '../elections/run-elections.ts'
import { hear } from '../rollback/hear.ts'
import { beginSession, sessionOf } from './sessions.ts'

interface ModelRegistrations {
  readonly cluster: ModelCluster
  readonly sessionTimeoutMs: number
}

export function* registerBroker(
  registrations: ModelRegistrations,
  request: RegisterBrokerRequest,
): Work<RegisterBrokerResponse> {
  const { cluster, sessionTimeoutMs } = registrations
  checkRegistration(request, cluster.identity.clusterId)
  yield* hear(request)
  const brokerEpoch = yield* transaction(
    (within) => beginEpoch(registrations, within, request),
    'repeat',
  )
  yield* runElections(cluster)
  return {
    clusterId: cluster.identity.clusterId,
    brokerEpoch,
    metadataVersion: brokerEpoch,
    sessionTimeoutMs,
  }
}

function beginEpoch(
  { cluster, sessionTimeoutMs }: ModelRegistrations,
  within: Transaction,
  request: RegisterBrokerRequest,
): number {
  const { state, nowMs } = within
  const { brokerId, incarnationId, directoryId, host, port, rack } = request
  const before = state.brokers.get(brokerId) ?? null
  if (before?.incarnationId === incarnationId) return before.brokerEpoch
  if (before !== null) refuseSecond(before, sessionOf(within, brokerId), request)
  const changes = leaveReplicaSets(within, brokerId)
  changes.push({ kind: 'broker', key: String(brokerId) })
  const brokerEpoch = cluster.record(within, changes)
  state.brokers.set(brokerId, {
    vouchedDirectoryId: null,
    isEmptying: false,
    ...before,
    ...{ brokerId, brokerEpoch, incarnationId, directoryId, host, port, rack },
    vouchedEpochs: vouchedAfter(before, request, brokerEpoch),
    state: 'fenced',
    registeredAt: new Date(nowMs),
  })
  beginSession(within, { brokerId, brokerEpoch, timeoutMs: sessionTimeoutMs })
  return brokerEpoch
}

function leaveReplicaSets(within: Transaction, brokerId: number): Change[] {
  const rows = partitionsWhere(within, ({ inSyncReplicas }) => inSyncReplicas.includes(brokerId))
  return writePartitions(
    within,
    rows.map((row) => leaveReplicaSet(row, brokerId)),
  )
}
