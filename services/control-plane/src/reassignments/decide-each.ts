import type { ReassignmentResult } from '@courant/api/internal/v1/cluster'
import { isUuid } from '@courant/kernel'
import type { Cluster } from '../cluster.ts'
import { currentVersion } from '../database/current-version.ts'
import type { Transaction } from '../database/database.ts'
import { statesOf } from '../elections/broker-states.ts'
import { lockBrokers } from '../elections/lock-brokers.ts'
import { lockNamedPartitions } from '../elections/lock-partitions.ts'
import { writePartitions } from '../elections/write-partitions.ts'
import {
  checkNamedPartitions,
  type PartitionName,
  partitionKey,
} from '../partitions/partition-key.ts'
import type { PartitionRow } from '../schema/partition.ts'
import { type Decide, decideOne } from './decide-one.ts'
import { followReplicationFactor } from './follow-replication-factor.ts'

interface Decided {
  readonly results: ReassignmentResult[]
  readonly metadataVersion: number
}

/**
 * Decides for each named partition on its own, in one transaction: one that is refused holds up no
 * other.
 */
export function decideEach<Named extends PartitionName>(
  cluster: Cluster,
  named: readonly Named[],
  decide: Decide<Named>,
): Promise<Decided> {
  checkNamedPartitions(named)
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
