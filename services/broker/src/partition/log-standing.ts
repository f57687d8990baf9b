import type { PartitionLog } from '@courant/log'

/** What a broker knows of its replica of a partition, whatever the metadata says. */
export interface LogStanding {
  /** The newest epoch of the log; -1 for none. */
  readonly lastEpoch: number
  /** The newest epoch in which the broker leads, follows, or has written. */
  readonly knownEpoch: number
  readonly logEndOffset: number
  /** It leads, in the known epoch. */
  readonly isLeader: boolean
  readonly isDamaged: boolean
}

/** `termEpoch`: of the term in which the broker leads or follows; -1 for none. */
export function logStandingOf(
  log: PartitionLog,
  termEpoch: number,
  isLeader: boolean,
): LogStanding {
  const { leaderEpoch, appendedEnd, isCorrupt } = log
  return {
    lastEpoch: leaderEpoch,
    knownEpoch: Math.max(leaderEpoch, termEpoch),
    logEndOffset: appendedEnd,
    isLeader,
    isDamaged: isCorrupt,
  }
}
