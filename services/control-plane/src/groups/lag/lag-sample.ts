/** How far behind groups were at one moment: what a sample says, and how it is put together. */
import type { ShardTerm } from '../leases/shard-term.ts'
import type { OffsetAge } from './end-history.ts'
import type { LagPoint } from './lag-trend.ts'

/** Of one group in one partition. */
export interface PositionLag {
  readonly topicId: string
  readonly topic: string
  readonly partition: number
  readonly records: number
  /** Age of the oldest record that is not committed; 0 without one. */
  readonly age: OffsetAge
  /** This one last. */
  readonly points: readonly LagPoint[]
}

/** Of one group in all partitions whose leaders have answered. */
export interface GroupLag {
  readonly term: ShardTerm
  readonly tenantId: string
  readonly tenant: string
  readonly group: string
  /** By `logKey`. */
  readonly positions: ReadonlyMap<string, PositionLag>
  /** A leader did not answer, so that the sums lack something. */
  readonly isPartial: boolean
  readonly records: number
  readonly recordsMax: number
  readonly ageMax: OffsetAge
  readonly points: readonly LagPoint[]
}

export interface LagSample {
  readonly atMs: number
  /** By `groupKey`. */
  readonly groups: ReadonlyMap<string, GroupLag>
  /** Positions that were not looked at: there are more than the limit. */
  readonly unread: number
}

export const NO_LAG: OffsetAge = { ms: 0, isAtLeast: false }

export function groupKey({
  tenantId,
  group,
}: {
  readonly tenantId: string
  readonly group: string
}): string {
  return `${tenantId}/${group}`
}

export function olderOf(one: OffsetAge, other: OffsetAge): OffsetAge {
  return other.ms > one.ms ? other : one
}
