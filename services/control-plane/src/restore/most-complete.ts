/** Which of several logs of one partition has every acknowledged record. Pure. */
import type { ReplicaLog } from '@courant/api/internal/v1/cluster'

export interface HeldLog extends ReplicaLog {
  readonly brokerId: number
}

/**
 * Who leads in the newest epoch that anybody knows has everything, and may still take records;
 * else the log with the newest epoch, and of these the longest (KIP-966, unclean recovery). Null
 * for none.
 */
export function mostComplete(logs: readonly HeldLog[]): HeldLog | null {
  const newest = Math.max(...logs.map(({ knownEpoch }) => knownEpoch))
  const leader = logs.find(({ isLeader, knownEpoch }) => isLeader && knownEpoch === newest)
  return leader ?? byCompleteness(logs)[0] ?? null
}

/** The most complete first; equal ones in the order that they have. */
export function byCompleteness(logs: readonly HeldLog[]): HeldLog[] {
  return logs.toSorted(
    (one, other) => other.lastEpoch - one.lastEpoch || other.logEndOffset - one.logEndOffset,
  )
}
