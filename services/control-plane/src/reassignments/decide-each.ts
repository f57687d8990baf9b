import type { ReassignmentResult } from '@courant/api/internal/v1/cluster'
import { BusError, isUuid, limits } from '@courant/kernel'
import type { Cluster } from '../cluster.ts'
import { currentVersion } from '../database/current-version.ts'
import type { Transaction } from '../database/database.ts'
import type { BrokerStates } from '../elections/decide-leadership.ts'
import { type LockedBrokers, lockBrokers, statesOf } from '../elections/lock-brokers.ts'
import {
  lockNamedPartitions,
  type PartitionName,
  partitionKey,
} from '../elections/lock-partitions.ts'
import { succeed } from '../elections/settle.ts'
import { writePartitions } from '../elections/write-partitions.ts'
import type { PartitionRow } from '../schema/partition.ts'
import { partitionWire } from '../topics/topic-wire.ts'
import { followReplicationFactor } from './follow-replication-factor.ts'

/** What decisions are made from, and true until COMMIT. */
export interface DecisionGround {
  readonly brokers: LockedBrokers
  readonly states: BrokerStates
}

interface Decided {
  readonly results: ReassignmentResult[]
  readonly metadataVersion: number
}

/**
 * Decides for each named partition on its own, in one transaction: one that is refused holds up no
 * other. `decide` returns the same row where nothing is to be done, and throws a BusError to
 * refuse.
 */
export function decideEach<Named extends PartitionName>(
  cluster: Cluster,
  named: readonly Named[],
  decide: (row: PartitionRow, of: Named, ground: DecisionGround) => PartitionRow,
): Promise<Decided> {
  checkSize(named.length)
  const work = async (transaction: Transaction): Promise<Decided> => {
    const brokers = await lockBrokers(transaction)
    const ground = { brokers, states: statesOf(brokers) }
    const valid = named.filter(({ topicId }) => isUuid(topicId))
    const rows = await lockNamedPartitions(transaction, valid)
    const before = new Map(rows)
    const results = named.map((of) => decideOne(rows, of, (row) => decide(row, of, ground)))
    const changed = [...rows.values()].filter((row) => row !== before.get(partitionKey(row)))
    return { results, metadataVersion: await commit(cluster, transaction, changed) }
  }
  // Done again, it finds that nothing is to be done; or tells that it is not possible any more.
  return cluster.database.platform(work, { onLostCommit: 'repeat' })
}

function checkSize(length: number): void {
  const max = limits.electionsPerTransactionMax
  if (length <= max) return
  throw new BusError('INVALID_ARGUMENT', `At most ${max} partitions are named in one call.`)
}

function decideOne(
  rows: Map<string, PartitionRow>,
  { topicId, partition }: PartitionName,
  decide: (row: PartitionRow) => PartitionRow,
): ReassignmentResult {
  const key = partitionKey({ topicId, partition })
  const before = rows.get(key)
  const name = { topicId, partition }
  try {
    if (before === undefined) {
      throw new BusError('PARTITION_NOT_FOUND', 'There is no such partition.')
    }
    const next = decide(before)
    const after = next === before ? before : succeed(before, next)
    rows.set(key, after)
    return { ...name, error: '', detail: '', row: partitionWire(after) }
  } catch (error) {
    if (!(error instanceof BusError)) throw error
    return {
      ...name,
      error: error.code,
      detail: error.detail,
      row: before && partitionWire(before),
    }
  }
}

async function commit(
  cluster: Cluster,
  transaction: Transaction,
  changed: readonly PartitionRow[],
): Promise<number> {
  if (changed.length === 0) return currentVersion(transaction)
  const partitions = await writePartitions(transaction, changed)
  const topics = await followReplicationFactor(
    transaction,
    changed.map(({ topicId }) => topicId),
  )
  return cluster.record(transaction, [...topics, ...partitions])
}
