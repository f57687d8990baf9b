/** Changes of in-sync replicas by the leaders of their partitions (B4). */
import type {
  AlterPartitionsRequest,
  AlterPartitionsResponse,
  InSyncChange,
  InSyncResult,
} from '@courant/api/internal/v1/broker'
import { assert, BusError, type ErrorCode, isUuid, limits } from '@courant/kernel'
import { staleBrokerEpoch } from '../brokers/stale-broker-epoch.ts'
import type { Cluster } from '../cluster.ts'
import { currentVersion } from '../database/current-version.ts'
import type { Transaction } from '../database/database.ts'
import { withInSyncReplicas } from '../elections/decide-leadership.ts'
import { type LockedBrokers, lockBrokers, statesOf } from '../elections/lock-brokers.ts'
import { lockNamedPartitions, partitionKey } from '../elections/lock-partitions.ts'
import { settle, succeed } from '../elections/settle.ts'
import { writePartitions } from '../elections/write-partitions.ts'
import type { PartitionRow } from '../schema/partition.ts'
import { partitionWire } from '../topics/topic-wire.ts'
import { judgeChange } from './judge-change.ts'

/**
 * Each change is a compare-and-set on the partition's epochs, and all that succeed are one
 * transaction. A repeat of one whose answer was lost is refused by its epoch and told the state
 * that it has brought about. A change may make an election or the end of a move possible, which
 * then is part of it. Throws STALE_BROKER_EPOCH when the sender's epoch is over.
 */
export async function alterPartitions(
  cluster: Cluster,
  request: AlterPartitionsRequest,
): Promise<AlterPartitionsResponse> {
  checkSize(request.changes)
  return cluster.database.platform((transaction) => alter(cluster, transaction, request), {
    onLostCommit: 'repeat',
  })
}

function checkSize(changes: readonly InSyncChange[]): void {
  const max = limits.electionsPerTransactionMax
  if (changes.length <= max) return
  throw new BusError('INVALID_ARGUMENT', `At most ${max} partitions are altered at a time.`)
}

async function alter(
  cluster: Cluster,
  transaction: Transaction,
  { brokerId, brokerEpoch, changes }: AlterPartitionsRequest,
): Promise<AlterPartitionsResponse> {
  const members = changes.flatMap(({ inSyncReplicas }) => inSyncReplicas)
  const ids = new Set([brokerId, ...members.map((member) => member.brokerId)])
  const brokers = await lockBrokers(transaction, [...ids])
  if (brokers.get(brokerId)?.brokerEpoch !== brokerEpoch) throw staleBrokerEpoch()
  const before = await lockNamedPartitions(
    transaction,
    changes.filter(({ topicId }) => isUuid(topicId)),
  )
  const rows = new Map(before)
  const results = changes.map((change) => apply(change, brokerId, rows, brokers))
  const altered = [...rows.values()].filter((row) => row !== before.get(partitionKey(row)))
  const recorded = await writePartitions(transaction, altered)
  const metadataVersion =
    recorded.length > 0
      ? await cluster.record(transaction, recorded)
      : await currentVersion(transaction)
  return { results, metadataVersion }
}

/** Alters the row in `rows`, so that a second change of one partition meets the first. */
function apply(
  change: InSyncChange,
  sender: number,
  rows: Map<string, PartitionRow>,
  brokers: LockedBrokers,
): InSyncResult {
  const key = partitionKey(change)
  const before = rows.get(key)
  if (before === undefined) return resultOf(change, 'PARTITION_NOT_FOUND', undefined)
  const error = judgeChange(change, sender, before, brokers)
  if (error !== null) return resultOf(change, error, before)
  const after = succeed(before, withMembers(before, change, brokers))
  rows.set(key, after)
  return resultOf(change, '', after)
}

/** Every member's broker is locked, so nobody is elected here who might be fenced at COMMIT. */
function withMembers(
  before: PartitionRow,
  { inSyncReplicas }: InSyncChange,
  brokers: LockedBrokers,
): PartitionRow {
  const proposed = new Set(inSyncReplicas.map(({ brokerId }) => brokerId))
  const inOrder = before.replicas.filter((brokerId) => proposed.has(brokerId))
  const states = statesOf(brokers)
  return settle(withInSyncReplicas(before, inOrder), states)
}

function resultOf(
  { topicId, partition }: InSyncChange,
  error: ErrorCode | '',
  row: PartitionRow | undefined,
): InSyncResult {
  assert(row !== undefined || error !== '', 'what was altered is there')
  return { topicId, partition, error, row: row && partitionWire(row) }
}
