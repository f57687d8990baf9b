import type { Offset } from '@courant/kernel'

export interface FetchRequest {
  readonly offset: number
  /** What the client takes for the leader's epoch; -1 when it does not know. */
  readonly leaderEpoch: number
  readonly maxBytes: number
  /** Whether the first batch comes even when it is larger than `maxBytes`. */
  readonly first: 'whole' | 'within-limit'
}

/** Records of a partition and what it was at the moment when they were read. */
export interface FetchedRecords {
  readonly chunks: readonly Buffer[]
  readonly size: number
  readonly highWatermark: Offset
  readonly logStartOffset: Offset
  /** For whom nobody follows who looks at the chunks: see `ReadResult`. */
  release(): void
}
