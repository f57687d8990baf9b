import type { ShardTerm } from '../leases/shard-term.ts'
import type { EndHistory } from './end-history.ts'
import { type GroupLag, groupKey, NO_LAG, olderOf, type PositionLag } from './lag-sample.ts'
import { withPoint } from './lag-trend.ts'
import { type LogRange, logKey } from './log-ranges.ts'
import type { Position } from './read-positions.ts'

export interface Sampled {
  readonly nowMs: number
  readonly positions: readonly Position[]
  readonly terms: ReadonlyMap<number, ShardTerm>
  /** By `logKey`, of those whose leaders have answered. */
  readonly ranges: ReadonlyMap<string, LogRange>
  readonly histories: ReadonlyMap<string, EndHistory>
  /** As of the sample before, for their trend. */
  readonly before: ReadonlyMap<string, GroupLag>
}

/** By `groupKey`. A group of which nothing is known is not in it. */
export function sampleGroups(sampled: Sampled): Map<string, GroupLag> {
  const groups = new Map<string, GroupLag>()
  for (const [key, positions] of Map.groupBy(sampled.positions, groupKey)) {
    const lag = groupLag(sampled, key, positions)
    if (lag !== null) groups.set(key, lag)
  }
  return groups
}

function groupLag(sampled: Sampled, key: string, all: readonly Position[]): GroupLag | null {
  const [first] = all
  const term = first === undefined ? undefined : sampled.terms.get(first.shard)
  if (first === undefined || term === undefined) return null
  const { tenantId, tenant, group } = first
  const before = sampled.before.get(key)
  const positions = new Map<string, PositionLag>()
  for (const position of all) {
    const lag = positionLag(sampled, before, position)
    if (lag !== null) positions.set(logKey(position), lag)
  }
  if (positions.size === 0) return null
  const lags = [...positions.values()]
  const records = lags.reduce((sum, lag) => sum + lag.records, 0)
  const isPartial = positions.size < all.length
  const pointsBefore = before?.points ?? []
  return {
    ...{ term, tenantId, tenant, group, positions, isPartial, records },
    recordsMax: lags.reduce((most, lag) => Math.max(most, lag.records), 0),
    ageMax: lags.reduce((oldest, lag) => olderOf(oldest, lag.age), NO_LAG),
    // A sum that lacks a partition would look like a lag that shrinks.
    points: isPartial ? pointsBefore : withPoint(pointsBefore, { atMs: sampled.nowMs, records }),
  }
}

function positionLag(
  { nowMs, ranges, histories }: Sampled,
  before: GroupLag | undefined,
  position: Position,
): PositionLag | null {
  const key = logKey(position)
  const range = ranges.get(key)
  if (range === undefined) return null
  const { topicId, topic, partition, committedOffset } = position
  const from = Math.min(range.end, Math.max(range.start, committedOffset ?? range.start))
  const records = range.end - from
  const age = records === 0 ? NO_LAG : (histories.get(key)?.ageOf(from, nowMs) ?? NO_LAG)
  const points = withPoint(before?.positions.get(key)?.points ?? [], { atMs: nowMs, records })
  return { topicId, topic, partition, records, age, points }
}
