import { expect, it } from 'vitest'
import { BufferPool } from './buffer-pool.ts'

it('lends again what was given back, whole, and never twice at a time', () => {
  const pool = new BufferPool()
  const first = pool.take(100_000)
  expect(first.length).toBeGreaterThanOrEqual(100_000)
  const second = pool.take(100_000)
  expect(second).not.toBe(first)
  pool.give(first)
  expect(pool.take(70_000)).toBe(first)
  expect(pool.take(70_000)).not.toBe(first)
})

it('ignores parts, and buffers that are too small or too large to be worth keeping', () => {
  const pool = new BufferPool()
  const whole = pool.take(100_000)
  for (const size of [100, 99_999]) pool.give(whole.subarray(0, size))
  const large = pool.take(5_000_000)
  pool.give(large)
  expect(pool.take(5_000_000)).not.toBe(large)
  expect(pool.take(100_000)).not.toBe(whole)
})
