import { BusError } from '@courant/kernel'
import type { Partition } from '@courant/metadata'

const TOO_FEW = new BusError(
  'NOT_ENOUGH_REPLICAS',
  'Fewer replicas are in sync than min.insync.replicas asks for.',
)

const OTHERS_IN_SYNC = new BusError(
  'NOT_ENOUGH_REPLICAS',
  'Other replicas count as in sync, and none of them has confirmed anything to this leader.',
)

/**
 * Why records of the partition cannot be committed, or null. Committed is what every in-sync
 * replica has on its disk, of which there must be enough (reliability B5.6). A leader that counts
 * followers in which have never fetched from it would promise what it cannot know.
 */
export function replicaShortage({ inSyncReplicas, effectiveMinIsr }: Partition): BusError | null {
  if (inSyncReplicas.length < effectiveMinIsr) return TOO_FEW
  return inSyncReplicas.length > 1 ? OTHERS_IN_SYNC : null
}
