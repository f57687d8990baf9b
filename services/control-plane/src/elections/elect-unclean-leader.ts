/** An election that may lose acknowledged records: by hand, with a report (B3.5, amendment 9). */
import type {
  ElectUncleanLeaderRequest,
  ElectUncleanLeaderResponse,
} from '@courant/api/internal/v1/cluster'
import { isUuid } from '@courant/kernel'
import type { Cluster } from '../cluster.ts'
import { currentVersion } from '../database/current-version.ts'
import type { Transaction } from '../database/database.ts'
import { partitionKey } from '../partitions/partition-key.ts'
import { partitionWire } from '../topics/topic-wire.ts'
import { judgeUncleanElection } from './judge-unclean-election.ts'
import { lockBrokers } from './lock-brokers.ts'
import { lockNamedPartitions } from './lock-partitions.ts'
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
  const { replicas, before, after } = judgeUncleanElection(row, request, brokers)
  if (!request.acceptDataLoss) {
    const metadataVersion = await currentVersion(transaction)
    return { elected: false, replicas, row: partitionWire(before), metadataVersion }
  }
  const changes = await writePartitions(transaction, [after])
  const metadataVersion = await cluster.record(transaction, changes)
  return { elected: true, replicas, row: partitionWire(after), metadataVersion }
}
