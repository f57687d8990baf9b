import { LagDirection, type LagTrend as WireTrend } from '@courant/api/internal/v1/group'
import { Type } from 'typebox'

type DirectionName = 'GROWING' | 'SHRINKING' | 'STEADY'

/** Null: fewer than two samples yet. */
export const LagTrend = Type.Object(
  {
    direction: Type.Unsafe<DirectionName>({
      type: 'string',
      enum: ['GROWING', 'SHRINKING', 'STEADY'],
      description: 'STEADY within 100 records, or within 5 % of the lag.',
    }),
    recordsPerSecond: Type.Number({
      description:
        'By which the lag grows over the last five samples, a minute; negative: shrinks.',
    }),
  },
  { $id: 'LagTrend' },
)

const DIRECTIONS: Readonly<Record<number, DirectionName>> = {
  [LagDirection.LAG_DIRECTION_GROWING]: 'GROWING',
  [LagDirection.LAG_DIRECTION_SHRINKING]: 'SHRINKING',
  [LagDirection.LAG_DIRECTION_STEADY]: 'STEADY',
}

export function lagTrendView(trend: WireTrend | undefined) {
  if (trend === undefined) return null
  const recordsPerSecond = Math.round(trend.recordsPerSecond * 100) / 100
  return { direction: DIRECTIONS[trend.direction] ?? 'STEADY', recordsPerSecond }
}

export const sampleTrend = { direction: 'SHRINKING', recordsPerSecond: -20.5 }
