import {
  LagDirection,
  type GroupLag as WireLag,
  type LagTrend as WireTrend,
} from '@courant/api/internal/v1/group'
import type { GroupLag } from '../lag/lag-sample.ts'
import { type LagPoint, trendOf } from '../lag/lag-trend.ts'

export function lagWire(lag: GroupLag): WireLag {
  const { records, ageMax, points } = lag
  return { records, ageMs: Math.round(ageMax.ms), trend: trendWire(points) }
}

export function trendWire(points: readonly LagPoint[]): WireTrend | undefined {
  const trend = trendOf(points)
  if (trend === null) return undefined
  const { direction, recordsPerSecond } = trend
  return { direction: LagDirection[`LAG_DIRECTION_${direction}`], recordsPerSecond }
}
