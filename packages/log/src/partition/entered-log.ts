import type { RingCycle } from '../ring/ring-cycle.ts'
import type { LogContext } from './disk-partition-log.ts'
import type { ReadableLog } from './partition-reads.ts'

/** A log as those see it who enter its changes in the ring. */
export interface EnteredLog extends ReadableLog {
  readonly context: LogContext
  readonly incarnation: number
  /** It has an entry in this cycle, and is to be told when that is durable. */
  join(cycle: RingCycle): void
}
