/** Whether an election may lose acknowledged records, and what it would begin from. Pure. */
import {
  type ElectUncleanLeaderRequest,
  type ReplicaReport,
  ReplicaStanding,
} from '@courant/api/internal/v1/cluster'
import { BrokerState } from '@courant/api/internal/v1/metadata'
import { BusError } from '@courant/kernel'
import { brokerStateWire } from '../brokers/broker-wire.ts'
import { isVouchedFor } from '../brokers/is-vouched-for.ts'
import type { BrokerRow } from '../schema/broker.ts'
import type { PartitionRow } from '../schema/partition.ts'
import { type LockedBrokers, statesOf } from './broker-states.ts'
import { type PartitionState, settle, succeed } from './settle.ts'

/** What an operator is told, and what comes of the election if they go on. */
export interface UncleanElection {
  readonly replicas: ReplicaReport[]
  readonly before: PartitionRow
  readonly after: PartitionRow
}

/** Throws PARTITION_NOT_FOUND, ELECTION_NOT_NEEDED, INVALID_REPLICA_ASSIGNMENT. */
export function judgeUncleanElection(
  row: PartitionRow | undefined,
  { brokerId }: ElectUncleanLeaderRequest,
  brokers: LockedBrokers,
): UncleanElection {
  if (row === undefined) throw new BusError('PARTITION_NOT_FOUND', 'There is no such partition.')
  if (settle(row, statesOf(brokers)).leader !== null) {
    throw new BusError('ELECTION_NOT_NEEDED', 'The partition has or can have a clean leader.')
  }
  if (!row.replicas.includes(brokerId) || brokers.get(brokerId)?.state !== 'active') {
    const detail = 'Only an active broker with a replica of the partition can lead it.'
    throw new BusError('INVALID_REPLICA_ASSIGNMENT', detail)
  }
  return {
    replicas: row.replicas.map((replica) => reportOf(replica, row, brokers)),
    before: row,
    after: succeed(row, uncleanly(row, brokerId)),
  }
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

function reportOf(brokerId: number, row: PartitionRow, brokers: LockedBrokers): ReplicaReport {
  const broker = brokers.get(brokerId)
  return {
    brokerId,
    registered: broker !== undefined,
    state:
      broker === undefined ? BrokerState.BROKER_STATE_UNSPECIFIED : brokerStateWire(broker.state),
    standing: standingOf(brokerId, row, broker),
  }
}

/** A broker that is not vouched for is eligible no more as soon as it is active. */
function standingOf(
  brokerId: number,
  row: PartitionRow,
  broker: BrokerRow | undefined,
): ReplicaStanding {
  if (row.inSyncReplicas.includes(brokerId)) return ReplicaStanding.REPLICA_STANDING_IN_SYNC
  const isEligible = row.eligibleReplicas.includes(brokerId)
  const isVouched = broker !== undefined && isVouchedFor(broker)
  if (isEligible && isVouched) return ReplicaStanding.REPLICA_STANDING_ELIGIBLE
  return isEligible || row.lastKnownEligibleReplicas.includes(brokerId)
    ? ReplicaStanding.REPLICA_STANDING_LAST_KNOWN_ELIGIBLE
    : ReplicaStanding.REPLICA_STANDING_UNSPECIFIED
}
