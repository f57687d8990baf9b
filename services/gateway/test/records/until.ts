import { vi } from 'vitest'

/** Waits for a condition that will come true, with patience for a busy machine. */
export function until<Value>(condition: () => Value | Promise<Value>): Promise<Value> {
  return vi.waitUntil(condition, { timeout: 20_000, interval: 2 })
}
