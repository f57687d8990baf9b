import { describe, expect, it } from 'vitest'
import { type Clock, wait } from './clock.ts'

/** A clock whose timers fire only when told, which is all that `wait` may rely on. */
function manualClock(): { clock: Clock; fire: () => void; pending: () => number } {
  const timers = new Set<() => void>()
  const clock: Clock = {
    now: () => 0,
    monotonicMs: () => 0,
    setTimer(_delayMs, callback) {
      timers.add(callback)
      return { cancel: () => timers.delete(callback) }
    },
  }
  return {
    clock,
    fire: () =>
      [...timers].forEach((run) => {
        run()
      }),
    pending: () => timers.size,
  }
}

describe('wait', () => {
  it('ends when its timer fires', async () => {
    const { clock, fire, pending } = manualClock()
    const waiting = wait(clock, 10)
    expect(pending()).toBe(1)
    fire()
    await waiting
    expect(pending()).toBe(0)
  })

  it('ends at once, and leaves no timer, when its signal aborts', async () => {
    const { clock, pending } = manualClock()
    const controller = new AbortController()
    const waiting = wait(clock, 10, controller.signal)
    controller.abort()
    await waiting
    expect(pending()).toBe(0)
    await wait(clock, 10, controller.signal)
  })
})
