import type {
  ElectPreferredLeadersRequest,
  ElectPreferredLeadersResponse,
} from '@courant/api/internal/v1/cluster'
import { BusError, isUuid, limits } from '@courant/kernel'
import { recipientsOf } from '../../../src/elections/broker-states.ts'
import type { Preferences } from '../../../src/elections/prefer-leaders.ts'
import { ledByPreferred } from '../../../src/elections/settle.ts'
import type { ModelCluster } from '../database/model-cluster.ts'
import { type Transaction, transaction, type Work } from '../database/transaction.ts'
import { brokersOf, partitionsWhere, writePartitions } from './partitions.ts'

/** Returns how many moved. */
export function preferLeaders(cluster: ModelCluster, preferences: Preferences): Work<number> {
  return transaction((within) => prefer(cluster, within, preferences), 'repeat')
}

export function* preferAllLeaders(
  cluster: ModelCluster,
  { topicId }: ElectPreferredLeadersRequest,
): Work<ElectPreferredLeadersResponse> {
  if (topicId !== '' && !isUuid(topicId)) {
    throw new BusError('TOPIC_NOT_FOUND', 'There is no such topic.')
  }
  const max: number = limits.electionsPerTransactionMax
  const preferences = topicId === '' ? { max } : { topicId, max }
  let elected = 0
  for (let moved = max; moved === max; elected += moved) {
    moved = yield* preferLeaders(cluster, preferences)
  }
  return { elected }
}

function prefer(cluster: ModelCluster, within: Transaction, { topicId, max }: Preferences): number {
  const fit = recipientsOf(brokersOf(within))
  const rows = partitionsWhere(
    within,
    ({ replicas: [preferred = -1], ...row }) =>
      (topicId === undefined || row.topicId === topicId) &&
      row.leader !== null &&
      row.leader !== preferred &&
      row.inSyncReplicas.includes(preferred) &&
      fit.has(preferred) &&
      row.targetReplicas.length === 0,
    max,
  )
  const changes = writePartitions(within, rows.map(ledByPreferred))
  if (changes.length > 0) cluster.record(within, changes)
  return changes.length
}
