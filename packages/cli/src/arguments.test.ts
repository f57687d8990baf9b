import { expect, test } from 'vitest'
import {
  collectPairs,
  collectSettings,
  parseDuration,
  parseInteger,
  parsePartitions,
  parseTime,
} from './arguments.ts'

test('only whole numbers that can be told apart are taken', () => {
  expect(parseInteger('41209')).toBe(41_209)
  for (const text of ['', '-1', '1.5', '1e3', '0x10', '9007199254740993', 'x']) {
    expect(() => parseInteger(text)).toThrow('whole number')
  }
})

test('partitions may be repeated or listed, and count once', () => {
  expect(parsePartitions('3,5', parsePartitions('0,3'))).toEqual([0, 3, 5])
})

test('durations have a unit', () => {
  expect([parseDuration('500ms'), parseDuration('30m'), parseDuration('90d')]).toEqual([
    500, 1_800_000, 7_776_000_000,
  ])
  expect(() => parseDuration('30')).toThrow('24h')
})

test('a time is a date, epoch milliseconds or so long ago', () => {
  expect(parseTime('2026-11-24T09:30:00Z')).toBe(Date.UTC(2026, 10, 24, 9, 30))
  expect(parseTime('1764000000000')).toBe(1_764_000_000_000)
  const before = Date.now()
  const ago = parseTime('30m')
  expect(ago).toBeGreaterThanOrEqual(before - 1_800_000)
  expect(ago).toBeLessThanOrEqual(Date.now() - 1_800_000)
  for (const text of ['yesterday', '2026-13-01', '12']) {
    expect(() => parseTime(text)).toThrow('must be like')
  }
})

test('pairs keep what is behind the first equals sign', () => {
  expect(collectPairs('a=b=c', { x: 'y' })).toEqual({ x: 'y', a: 'b=c' })
  expect(() => collectPairs('=b')).toThrow('name=value')
})

test('settings that are numbers are sent as numbers', () => {
  const given = collectSettings('timestampType=append', collectSettings('retentionMs=-1'))
  expect(given).toEqual({ retentionMs: -1, timestampType: 'append' })
})
