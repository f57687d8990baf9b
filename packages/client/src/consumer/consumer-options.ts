import type { CourantError } from '../courant-error.ts'
import type { Batch, OffsetReset } from './batch.ts'

export interface ConsumerOptions {
  readonly group: string
  /** Either names, or a pattern (RE2 syntax) for whole names, those of later topics among them. */
  readonly topics?: readonly string[]
  readonly topicPattern?: string
  /**
   * Who this is to the group, at most 64 of letters, digits, `.`, `_` and `-`; by chance when
   * absent. A process that comes back within its session under the id that it had keeps its
   * partitions.
   */
  readonly memberId?: string
  /** Where to begin without a committed offset, or with one that the log no longer has. */
  readonly autoOffsetReset?: 'earliest' | 'latest' | 'none'
  /** Records of a batch; 500 when absent. */
  readonly maxRecords?: number
  /** Stored bytes of a batch; 1 MiB when absent. */
  readonly maxBytes?: number
  /** How long a member that is not heard keeps its partitions; 45 s when absent. */
  readonly sessionTimeoutMs?: number
  /** How long it may work on records of a partition that is to move; 5 min when absent. */
  readonly rebalanceTimeoutMs?: number
  readonly assignor?: 'uniform' | 'range'
  /**
   * At least once when absent: a batch is committed after it was processed. At most once: before,
   * so what a handler that throws or a process that dies had not finished is processed by nobody.
   */
  readonly delivery?: 'at-least-once' | 'at-most-once'
  /**
   * Reads the next batch while the present one is processed, and commits beside the next: for
   * handlers that wait for something. It holds one batch more, asks twice instead of once a batch,
   * and a partition that is to move also waits for the batch that was read ahead.
   */
  readonly prefetch?: true
}

/** What a handler is told beside the records. */
export interface WorkContext {
  /** Aborts when the lease has run out: others get these records, and going on would be in vain. */
  readonly signal: AbortSignal
}

interface RunHooks {
  /** Aborted, it is as `stop`: the batch in work is finished and committed, and `run` resolves. */
  readonly signal?: AbortSignal
  /** Each try that failed and is made again. Without it nobody hears of them. */
  readonly onRetry?: (error: CourantError) => void
  /**
   * Positions that `autoOffsetReset` has moved: records were skipped, or there was no offset yet.
   */
  readonly onReset?: (resets: readonly OffsetReset[]) => void
}

/** A batch is processed when the handler has resolved for all of it. */
export type RunOptions = RunHooks &
  (
    | {
        readonly eachRecord: (
          record: Batch['records'][number],
          context: WorkContext,
        ) => Promise<void> | void
      }
    | { readonly eachBatch: (batch: Batch, context: WorkContext) => Promise<void> | void }
  )
