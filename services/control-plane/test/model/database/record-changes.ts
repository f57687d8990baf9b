import type { Change } from '../../../src/database/record-changes.ts'
import { ONLY_ROW } from './cluster-state.ts'
import { requireCurrent } from './require-current.ts'
import { changeKey, metaOf, type Transaction } from './transaction.ts'

/** As `courant.record_changes`: the next version, and what changed under it. */
export function recordChanges(
  transaction: Transaction,
  incarnation: number,
  changes: readonly Change[],
): number {
  const { state, nowMs } = transaction
  const meta = metaOf(transaction)
  requireCurrent(transaction, incarnation)
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
