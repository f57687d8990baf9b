import { ONLY_ROW } from '../database/cluster-state.ts'
import { metaOf, transaction, type Work } from '../database/transaction.ts'

/** What an operator does by hand after the database was restored from a backup (B1.2). */
export function beginIncarnation(): Work<void> {
  return transaction((within) => {
    const before = metaOf(within)
    const clusterIncarnation = before.clusterIncarnation + 1
    within.state.meta.set(ONLY_ROW, { ...before, clusterIncarnation })
  })
}
