import { BusError, limits } from '@courant/kernel'
import type { Change } from '../../../src/database/record-changes.ts'
import { ONLY_ROW } from './cluster-state.ts'
import { changeKey, metaOf, type Transaction } from './transaction.ts'

/** As `courant.record_changes`: the next version, and what changed under it. */
export function recordChanges(
  transaction: Transaction,
  incarnation: number,
  changes: readonly Change[],
): number {
  const { state, nowMs } = transaction
  const meta = metaOf(transaction)
  if (meta.clusterIncarnation !== incarnation) {
    const options = { retryAfterMs: limits.retryAfterMs }
    const detail = 'The cluster has just begun a new incarnation.'
    throw new BusError('CONTROL_PLANE_UNAVAILABLE', detail, options)
  }
  const version = meta.metadataVersion + 1
  state.meta.set(ONLY_ROW, { ...meta, metadataVersion: version })
  for (const { kind, key, deleted } of changes) {
    const deletedAtMs = deleted === true ? nowMs : null
    state.changes.set(changeKey({ kind, key }), { kind, key, version, deletedAtMs })
  }
  for (const { kind, key, deleted } of changes) {
    if (kind === 'topic' && deleted === true) forgetPartitions(transaction, key)
  }
  return version
}

/** A topic's deletion stands for its partitions' too. */
function forgetPartitions({ state }: Transaction, topicId: string): void {
  for (const change of [...state.changes.values()]) {
    if (change.kind === 'partition' && change.key.startsWith(`${topicId}/`)) {
      state.changes.delete(changeKey(change))
    }
  }
}
