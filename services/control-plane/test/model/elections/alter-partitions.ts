import type {
  AlterPartitionsRequest,
  AlterPartitionsResponse,
} from '@courant/api/internal/v1/broker'
import { staleBrokerEpoch } from '../../../src/brokers/stale-broker-epoch.ts'
import { applyChange } from '../../../src/in-sync-replicas/apply-change.ts'
import { checkNamedPartitions, partitionKey } from '../../../src/partitions/partition-key.ts'
import type { ModelCluster } from '../database/model-cluster.ts'
import {
  currentVersion,
  type Transaction,
  transaction,
  type Work,
} from '../database/transaction.ts'
import { brokersOf, namedPartitions, writePartitions } from './partitions.ts'

export function* alterPartitions(
  cluster: ModelCluster,
  request: AlterPartitionsRequest,
): Work<AlterPartitionsResponse> {
  checkNamedPartitions(request.changes)
  return yield* transaction((within) => alter(cluster, within, request), 'repeat')
}

function alter(
  cluster: ModelCluster,
  within: Transaction,
  { brokerId, brokerEpoch, changes }: AlterPartitionsRequest,
): AlterPartitionsResponse {
  const members = changes.flatMap(({ inSyncReplicas }) => inSyncReplicas)
  const brokers = brokersOf(within, [brokerId, ...members.map((member) => member.brokerId)])
  if (brokers.get(brokerId)?.brokerEpoch !== brokerEpoch) throw staleBrokerEpoch()
  const before = namedPartitions(within, changes)
  const rows = new Map(before)
  const results = changes.map((change) => applyChange(change, brokerId, rows, brokers))
  const altered = [...rows.values()].filter((row) => row !== before.get(partitionKey(row)))
  const recorded = writePartitions(within, altered)
  const metadataVersion =
    recorded.length > 0 ? cluster.record(within, recorded) : currentVersion(within)
  return { results, metadataVersion }
}
