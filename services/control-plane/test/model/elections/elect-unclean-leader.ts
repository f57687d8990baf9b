import type {
  ElectUncleanLeaderRequest,
  ElectUncleanLeaderResponse,
} from '@courant/api/internal/v1/cluster'
import { judgeUncleanElection } from '../../../src/elections/judge-unclean-election.ts'
import { partitionKey } from '../../../src/partitions/partition-key.ts'
import { partitionWire } from '../../../src/topics/topic-wire.ts'
import type { ModelCluster } from '../database/model-cluster.ts'
import { currentVersion, transaction, type Work } from '../database/transaction.ts'
import { brokersOf, writePartitions } from './partitions.ts'

export function electUncleanLeader(
  cluster: ModelCluster,
  request: ElectUncleanLeaderRequest,
): Work<ElectUncleanLeaderResponse> {
  return transaction((within) => {
    const known = within.state.partitions.get(partitionKey(request))
    const { replicas, before, after } = judgeUncleanElection(known, request, brokersOf(within))
    if (!request.acceptDataLoss) {
      const metadataVersion = currentVersion(within)
      return { elected: false, replicas, row: partitionWire(before), metadataVersion }
    }
    const metadataVersion = cluster.record(within, writePartitions(within, [after]))
    return { elected: true, replicas, row: partitionWire(after), metadataVersion }
  })
}
