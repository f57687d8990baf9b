/** Goal: whether a lag grows is told from its samples, and bursts are no trend. */
import { expect, it } from 'vitest'
import { type LagPoint, trendOf, withPoint } from './lag-trend.ts'

function points(...records: number[]): readonly LagPoint[] {
  return records.reduce<readonly LagPoint[]>(
    (all, lag, index) => withPoint(all, { atMs: index * 15_000, records: lag }),
    [],
  )
}

it('is told with the records a second', () => {
  expect(trendOf(points(0, 1_500, 3_000, 4_500, 6_000))).toEqual({
    direction: 'GROWING',
    recordsPerSecond: 100,
  })
  expect(trendOf(points(6_000, 4_500, 3_000))).toEqual({
    direction: 'SHRINKING',
    recordsPerSecond: -100,
  })
})

it('is steady within a hundred records, and within a twentieth of a great lag', () => {
  expect(trendOf(points(0, 90, 10, 80, 50))?.direction).toBe('STEADY')
  expect(trendOf(points(100_000, 101_000, 102_000, 103_000, 104_000))?.direction).toBe('STEADY')
  expect(trendOf(points(100_000, 102_000, 104_000, 106_000, 108_000))?.direction).toBe('GROWING')
})

it('is of the last five samples, and of two at least', () => {
  expect(trendOf(points(7))).toBeNull()
  expect(points(1, 2, 3, 4, 5, 6).map(({ records }) => records)).toEqual([2, 3, 4, 5, 6])
  expect(trendOf(points(9_000, 0, 0, 0, 0, 0))).toEqual({
    direction: 'STEADY',
    recordsPerSecond: 0,
  })
})
