import { limits } from '@courant/kernel'
import { statesOf } from '../../../src/elections/broker-states.ts'
import { settleAll } from '../../../src/elections/settle.ts'
import type { PartitionRow } from '../../../src/schema/partition.ts'
import type { ModelCluster } from '../database/model-cluster.ts'
import { type Transaction, transaction, type Work } from '../database/transaction.ts'
import {
  brokersOf,
  comparePartitions,
  isWithin,
  overlaps,
  partitionsWhere,
  writePartitions,
} from './partitions.ts'

const BATCH_MAX = limits.electionsPerTransactionMax

/** Returns how many partitions changed. */
export function* runElections(cluster: ModelCluster): Work<number> {
  let changed = 0
  for (let place: PartitionRow | null | undefined; place !== null; ) {
    const from: PartitionRow | undefined = place
    const batch = yield* transaction((within) => electBatch(cluster, within, from), 'repeat')
    changed += batch.changed
    place = batch.next
  }
  return changed
}

function electBatch(
  cluster: ModelCluster,
  within: Transaction,
  from: PartitionRow | undefined,
): { readonly changed: number; readonly next: PartitionRow | null } {
  const states = statesOf(brokersOf(within))
  const up = new Set([...states].flatMap(([id, state]) => (state === 'active' ? [id] : [])))
  const rows = partitionsWhere(
    within,
    (row) => (from === undefined || comparePartitions(row, from) > 0) && isCandidate(row, up),
    BATCH_MAX,
  )
  const changes = writePartitions(within, settleAll(rows, states))
  if (changes.length > 0) cluster.record(within, changes)
  const last = rows.length === BATCH_MAX ? rows.at(-1) : undefined
  return { changed: changes.length, next: last ?? null }
}

function isCandidate(row: PartitionRow, up: ReadonlySet<number>): boolean {
  const { inSyncReplicas, eligibleReplicas, targetReplicas, addingReplicas } = row
  if (!isWithin(inSyncReplicas, up)) return true
  if (row.leader === null && overlaps([...inSyncReplicas, ...eligibleReplicas], up)) return true
  return targetReplicas.length > 0 && isWithin(addingReplicas, inSyncReplicas)
}
