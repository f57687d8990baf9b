/** Changes of in-sync replicas by the leaders of their partitions (B4). */
import type {
  AlterPartitionsRequest,
  AlterPartitionsResponse,
} from '@courant/api/internal/v1/broker'
import { isUuid } from '@courant/kernel'
import { staleBrokerEpoch } from '../brokers/stale-broker-epoch.ts'
import type { Cluster } from '../cluster.ts'
import { currentVersion } from '../database/current-version.ts'
import type { Transaction } from '../database/database.ts'
import { lockBrokers } from '../elections/lock-brokers.ts'
import { lockNamedPartitions } from '../elections/lock-partitions.ts'
import { writePartitions } from '../elections/write-partitions.ts'
import { checkNamedPartitions, partitionKey } from '../partitions/partition-key.ts'
import { applyChange } from './apply-change.ts'

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
  checkNamedPartitions(request.changes)
  return cluster.database.platform((transaction) => alter(cluster, transaction, request), {
    onLostCommit: 'repeat',
  })
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
  const results = changes.map((change) => applyChange(change, brokerId, rows, brokers))
  const altered = [...rows.values()].filter((row) => row !== before.get(partitionKey(row)))
  const recorded = await writePartitions(transaction, altered)
  const metadataVersion =
    recorded.length > 0
      ? await cluster.record(transaction, recorded)
      : await currentVersion(transaction)
  return { results, metadataVersion }
}
