import { BusError, type LeaderEpoch, type Offset } from '@courant/kernel'
import type { EpochEnd, LogEnds } from './log-ends.ts'

/** Where a follower’s log ends, and the newest epoch that it knows: -1 for an empty log. */
export interface FollowerEnd {
  readonly offset: Offset
  readonly lastEpoch: LeaderEpoch
}

/**
 * Whether a follower's log is a part of this one (KIP-101, KIP-279; reliability B5.3). Null when it
 * is; otherwise the largest epoch up to the follower's, and where that ends here: the follower cuts
 * its log by it and asks again, as often as it takes.
 *
 * Throws OFFSET_OUT_OF_RANGE, with both ends in `extra`, where no record of that age is left here:
 * the follower then begins anew at the log start.
 */
export function divergence(log: LogEnds, { offset, lastEpoch }: FollowerEnd): EpochEnd | null {
  if (lastEpoch >= 0) {
    const found = log.endOffsetForEpoch(lastEpoch)
    if (found === null) throw outOfRange(log)
    if (found.epoch < lastEpoch || found.end < offset) return found
  }
  if (offset < log.logStartOffset || offset > log.appendedEnd) throw outOfRange(log)
  return null
}

function outOfRange({ logStartOffset, highWatermark }: LogEnds): BusError {
  return new BusError('OFFSET_OUT_OF_RANGE', 'The leader has no such offset.', {
    extra: { logStartOffset, highWatermark },
  })
}
