/** An election that may lose acknowledged records: by hand, with a report (B3.5, amendment 9). */
import {
  type ElectUncleanLeaderRequest,
  type ElectUncleanLeaderResponse,
  type ReplicaReport,
  ReplicaStanding,
} from '@courant/api/internal/v1/cluster'
import { BrokerState } from '@courant/api/internal/v1/metadata'
import { BusError, isUuid } from '@courant/kernel'
import { brokerStateWire } from '../brokers/broker-wire.ts'
import type { Cluster } from '../cluster.ts'
import { currentVersion } from '../database/current-version.ts'
import type { Transaction } from '../database/database.ts'
import type { PartitionRow } from '../schema/partition.ts'
import { partitionWire } from '../topics/topic-wire.ts'
import { type LockedBrokers, lockBrokers, statesOf } from './lock-brokers.ts'
import { lockNamedPartitions, partitionKey } from './lock-partitions.ts'
import { type PartitionState, settle, succeed } from './settle.ts'
import { writePartitions } from './write-partitions.ts'

export function electUncleanLeader(
  cluster: Cluster,
  request: ElectUncleanLeaderRequest,
): Promise<ElectUncleanLeaderResponse> {
  return cluster.database.platform((transaction) => elect(cluster, transaction, request))
}

async function elect(
  cluster: Cluster,
  transaction: Transaction,
  request: ElectUncleanLeaderRequest,
): Promise<ElectUncleanLeaderResponse> {
  const brokers = await lockBrokers(transaction)
  const named = isUuid(request.topicId) ? [request] : []
  const row = (await lockNamedPartitions(transaction, named)).get(partitionKey(request))
  if (row === undefined) throw new BusError('PARTITION_NOT_FOUND', 'There is no such partition.')
  if (settle(row, statesOf(brokers)).leader !== null) {
    throw new BusError('ELECTION_NOT_NEEDED', 'The partition has or can have a clean leader.')
  }
  if (!row.replicas.includes(request.brokerId) || !isActive(brokers, request.brokerId)) {
    const detail = 'Only an active broker with a replica of the partition can lead it.'
    throw new BusError('INVALID_REPLICA_ASSIGNMENT', detail)
  }
  const replicas = row.replicas.map((brokerId) => reportOf(brokerId, row, brokers))
  if (!request.acceptDataLoss) {
    const metadataVersion = await currentVersion(transaction)
    return { elected: false, replicas, row: partitionWire(row), metadataVersion }
  }
  const after = succeed(row, uncleanly(row, request.brokerId))
  const metadataVersion = await cluster.record(
    transaction,
    await writePartitions(transaction, [after]),
  )
  return { elected: true, replicas, row: partitionWire(after), metadataVersion }
}

/**
 * The one replica that everybody starts from now. Followers may cut what they have acknowledged
 * before this term, also those that come back after any time (B5.5).
 */
function uncleanly<State extends PartitionState>(now: State, leader: number): State {
  return {
    ...now,
    leader,
    inSyncReplicas: [leader],
    eligibleReplicas: [],
    lastKnownEligibleReplicas: [],
    lastUncleanLeaderEpoch: now.leaderEpoch + 1,
  }
}

function isActive(brokers: LockedBrokers, brokerId: number): boolean {
  return brokers.get(brokerId)?.state === 'active'
}

function reportOf(brokerId: number, row: PartitionRow, brokers: LockedBrokers): ReplicaReport {
  const broker = brokers.get(brokerId)
  return {
    brokerId,
    registered: broker !== undefined,
    state:
      broker === undefined ? BrokerState.BROKER_STATE_UNSPECIFIED : brokerStateWire(broker.state),
    standing: standingOf(brokerId, row),
  }
}

function standingOf(brokerId: number, row: PartitionRow): ReplicaStanding {
  if (row.inSyncReplicas.includes(brokerId)) return ReplicaStanding.REPLICA_STANDING_IN_SYNC
  if (row.eligibleReplicas.includes(brokerId)) return ReplicaStanding.REPLICA_STANDING_ELIGIBLE
  return row.lastKnownEligibleReplicas.includes(brokerId)
    ? ReplicaStanding.REPLICA_STANDING_LAST_KNOWN_ELIGIBLE
    : ReplicaStanding.REPLICA_STANDING_UNSPECIFIED
}
