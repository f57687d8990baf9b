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

it('knows its buffers by any part of them, and takes each back once', () => {
  const pool = new BufferPool()
  const whole = pool.take(100_000)
  pool.give(whole.subarray(10, 20))
  pool.give(whole)
  expect(pool.take(100_000)).toBe(whole)
  expect(pool.take(100_000)).not.toBe(whole)
})

it('ignores buffers of others, and those too small or too large to be worth keeping', () => {
  const pool = new BufferPool()
  const others = Buffer.allocUnsafeSlow(131_072)
  pool.give(others)
  expect(pool.take(131_072) === others).toBe(false)
  for (const size of [100, 5_000_000]) {
    const buffer = pool.take(size)
    pool.give(buffer)
    expect(pool.take(size) === buffer).toBe(false)
  }
})
