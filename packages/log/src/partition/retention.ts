import type { Offset } from '@courant/kernel'
import type { LogConfig } from '../partition-log.ts'
import type { SealedSegment } from '../segment/segment.ts'

export interface RetentionInput {
  readonly sealed: readonly SealedSegment[]
  /** Base offset of what follows the last sealed segment. */
  readonly sealedEnd: Offset
  /** Bytes of the log behind the sealed segments. */
  readonly activeBytes: number
  readonly config: Pick<LogConfig, 'retentionMs' | 'retentionBytes'>
  readonly now: number
  /** Nothing at or above it is ever deleted. */
  readonly highWatermark: Offset
}

/**
 * The log start that retention wants, or null for none: the oldest sealed segments go while they
 * are too old or the log too large. Pure. Age counts from the earlier of the newest timestamp and
 * the time of the append, so that a timestamp far in the future does not keep a segment for ever.
 */
export function planRetention(input: RetentionInput): Offset | null {
  const { sealed, config, now } = input
  let bytes = sealed.reduce((sum, { size }) => sum + size, input.activeBytes)
  let logStart: Offset | null = null
  for (let index = 0; index < sealed.length; index += 1) {
    const segment = sealed[index]
    const end = sealed[index + 1]?.baseOffset ?? input.sealedEnd
    if (segment === undefined || end > input.highWatermark) break
    const isOld = config.retentionMs >= 0 && now - newestOf(segment) > config.retentionMs
    const isMuch = config.retentionBytes >= 0 && bytes - segment.size >= config.retentionBytes
    if (!isOld && !isMuch) break
    bytes -= segment.size
    logStart = end
  }
  return logStart
}

function newestOf({ maxTimestamp, lastAppendMs }: SealedSegment): number {
  return maxTimestamp < 0 ? lastAppendMs : Math.min(maxTimestamp, lastAppendMs)
}
