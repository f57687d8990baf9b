import { vi } from 'vitest'

/**
 * Waits until the condition gives something, with patience for a busy machine, and returns that.
 */
export function until<Value>(condition: () => Value | Promise<Value>) {
  return vi.waitUntil(condition, { timeout: 20_000, interval: 2 })
}
