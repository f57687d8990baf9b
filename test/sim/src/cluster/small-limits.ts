import { limits, topicSettings } from '@courant/kernel'

const KIB = 1024

/**
 * Limits so low that a simulated minute meets them: segments that roll, catching up in many
 * fetches, replicas that are deleted. Their rules hold at any size, and production's would take
 * hours of load to reach.
 */
export function lowerLimits(): void {
  Object.assign(topicSettings.segmentBytes, { min: 4 * KIB })
  Object.assign(topicSettings.segmentMs, { min: 1_000 })
  Object.assign(limits, {
    replicaFetchPartitionBytesMax: 12 * KIB,
    replicaFetchBytesMax: 32 * KIB,
    removedReplicaKeptMs: 2_000,
  })
}
