import type { HeaviestKeys } from '../../keys/heaviest-keys.ts'

/** A group as it is judged: what was seen of it, in plain numbers. */
export interface GroupSight {
  readonly nowMs: number
  readonly members: readonly MemberSight[]
  readonly partitions: readonly PartitionSight[]
  /** Of the last hour. */
  readonly incidents: readonly {
    readonly atMs: number
    readonly kind: string
    readonly memberId: string
  }[]
}

export interface MemberSight {
  readonly memberId: string
  readonly polling: boolean
  readonly sessionTimeoutMs: number
  readonly sessionEndsInMs: number
  /** How many it owns. */
  readonly partitions: number
  readonly releaseWantedSinceMs: number | null
  readonly joinedAtMs: number
  readonly lastPollAtMs: number
  readonly lastCommitAtMs: number | null
}

export interface PartitionSight {
  readonly topic: string
  readonly partition: number
  /** A member; empty for none. */
  readonly owner: string
  readonly hasLeader: boolean
  readonly committedOffset: number | null
  /** Null, as the others below: its leader does not answer. */
  readonly logStartOffset: number | null
  readonly logEndOffset: number | null
  readonly lagRecords: number | null
  /** Age of the oldest record that is not committed. */
  readonly lagMs: number | null
  /** Between two looks; null after one. */
  readonly arrivalsPerSecond: number | null
  readonly commitsPerSecond: number | null
  /** Of a hot partition; null where they are not known. */
  readonly keys: HeaviestKeys | null
}

/** Younger records than this are on their way: a group that is no further behind is well. */
export const WELL_MS = 10_000

export function isBehind({ lagMs }: PartitionSight): boolean {
  return lagMs !== null && lagMs > WELL_MS
}

/** How often a partition's lag is the median's before it is called hot, and how much at least. */
const HOT_TIMES = 4
const HOT_RECORDS = 1_000

/** Partitions far further behind than most of the group, furthest first. */
export function hotPartitions(partitions: readonly PartitionSight[]): PartitionSight[] {
  if (partitions.length < 2) return []
  const median = medianLag(partitions)
  return partitions
    .filter((partition) => {
      const lag = partition.lagRecords ?? 0
      return isBehind(partition) && lag >= HOT_RECORDS && lag >= HOT_TIMES * Math.max(1, median)
    })
    .sort((a, b) => (b.lagRecords ?? 0) - (a.lagRecords ?? 0))
}

/** The lower one of two in the middle: of two partitions the other one. */
export function medianLag(partitions: readonly PartitionSight[]): number {
  const lags = partitions.map(({ lagRecords }) => lagRecords ?? 0).sort((a, b) => a - b)
  return lags[Math.floor((lags.length - 1) / 2)] ?? 0
}
