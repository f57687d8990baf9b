/** Whether a lag grows, from its last samples. */

type TrendDirection = 'GROWING' | 'SHRINKING' | 'STEADY'

export interface LagTrend {
  readonly direction: TrendDirection
  /** Records a second by which the lag grows; negative while it shrinks. */
  readonly recordsPerSecond: number
}

export interface LagPoint {
  readonly atMs: number
  readonly records: number
}

/** A minute, at four samples a minute. */
const POINTS_MAX = 5
/** A lag that changes by less within these samples stays where it is: consumers come in bursts. */
const STEADY_RECORDS = 100
const STEADY_SHARE = 0.05

/** The points of a position, with a new one. */
export function withPoint(points: readonly LagPoint[], point: LagPoint): readonly LagPoint[] {
  return [...points.slice(1 - POINTS_MAX), point]
}

/** By the line of least squares through the points. Null with fewer than two. */
export function trendOf(points: readonly LagPoint[]): LagTrend | null {
  const [first, last] = [points[0], points.at(-1)]
  if (first === undefined || last === undefined || first === last) return null
  const slope = slopeOf(points)
  const change = slope * (last.atMs - first.atMs)
  const most = Math.max(...points.map(({ records }) => records))
  const isSteady = Math.abs(change) <= Math.max(STEADY_RECORDS, STEADY_SHARE * most)
  const direction = isSteady ? 'STEADY' : change > 0 ? 'GROWING' : 'SHRINKING'
  return { direction, recordsPerSecond: slope * 1_000 }
}

/** Records a millisecond. */
function slopeOf(points: readonly LagPoint[]): number {
  const meanMs = mean(points.map(({ atMs }) => atMs))
  const meanRecords = mean(points.map(({ records }) => records))
  let [over, under] = [0, 0]
  for (const { atMs, records } of points) {
    over += (atMs - meanMs) * (records - meanRecords)
    under += (atMs - meanMs) ** 2
  }
  return under === 0 ? 0 : over / under
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
