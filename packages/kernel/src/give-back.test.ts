import { expect, it } from 'vitest'
import { giveBack } from './give-back.ts'

it('frees the memory of a buffer at once', () => {
  const buffer = Buffer.alloc(32 * 1024 * 1024)
  const view = buffer.subarray(10, 20)
  const before = process.memoryUsage().arrayBuffers
  giveBack(buffer)
  expect(before - process.memoryUsage().arrayBuffers).toBeGreaterThan(16 * 1024 * 1024)
  expect([buffer.length, view.length]).toEqual([0, 0])
})

it('leaves alone what shares a pool with others', () => {
  const whole = Buffer.from('abcdef')
  giveBack(whole.subarray(0, 3))
  expect(whole.toString()).toBe('abcdef')
})
