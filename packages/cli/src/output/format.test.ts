import { expect, test } from 'vitest'
import { formatAmount, formatDuration, formatTime } from './format.ts'

test('amounts have thousands and a plural', () => {
  expect([formatAmount(1, 'record'), formatAmount(1_234_567, 'record')]).toEqual([
    '1 record',
    '1,234,567 records',
  ])
})

test('durations are in the largest unit that is exact', () => {
  expect([604_800_000, 5_400_000, 1_500, 0].map(formatDuration)).toEqual([
    '7 d',
    '90 min',
    '1500 ms',
    '0 ms',
  ])
})

test('times are in UTC and say so', () => {
  expect(formatTime(1_764_000_000_000)).toBe('2025-11-24 16:00:00Z')
})
