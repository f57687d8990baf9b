import type { LeaderEpoch, Offset } from '@courant/kernel'

/** The largest epoch that is not above the one asked for, and the offset behind its last record. */
export interface EpochEnd {
  readonly epoch: LeaderEpoch
  readonly end: Offset
}

/**
 * What both ends of replication ask of a log.
 * `appendedEnd ≥ durableEnd ≥ highWatermark ≥ logStartOffset`.
 */
export interface LogEnds {
  readonly logStartOffset: Offset
  readonly highWatermark: Offset
  readonly durableEnd: Offset
  readonly appendedEnd: Offset
  /** The newest epoch of the log, -1 while there is none. */
  readonly leaderEpoch: LeaderEpoch
  endOffsetForEpoch(epoch: LeaderEpoch): EpochEnd | null
}
