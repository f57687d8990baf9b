import type { Clock, Timer } from '@courant/kernel'
import { describe, expect, it } from 'vitest'
import { ThrottledQueue } from './throttled-queue.ts'

const MIB = 1024 * 1024

/** Moves from timer to timer. */
class ManualClock implements Clock {
  #nowMs = 0
  readonly #timers = new Map<object, { readonly atMs: number; readonly callback: () => void }>()

  now(): number {
    return this.#nowMs
  }

  monotonicMs(): number {
    return this.#nowMs
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    const key = {}
    this.#timers.set(key, { atMs: this.#nowMs + delayMs, callback })
    return { cancel: () => void this.#timers.delete(key) }
  }

  /** Runs what is due up to then. */
  runTo(ms: number): void {
    for (;;) {
      const [next] = [...this.#timers].sort(([, a], [, b]) => a.atMs - b.atMs)
      if (next === undefined || next[1].atMs > ms) break
      this.#timers.delete(next[0])
      this.#nowMs = next[1].atMs
      next[1].callback()
    }
    this.#nowMs = ms
  }
}

function queueOf(rate: number) {
  const clock = new ManualClock()
  const settings = { rate }
  const queue = new ThrottledQueue<string>(clock, () => settings.rate)
  return { clock, settings, queue }
}

describe('a throttled queue', () => {
  it.each([1, MIB, 64 * MIB])('gives no more than %i bytes a second and one burst', (rate) => {
    const { clock, queue } = queueOf(rate)
    let taken = 0
    const ask = (key: string): void =>
      queue.add(key, (bytes) => {
        taken += bytes
        clock.setTimer(1, () => ask(key))
        return true
      })
    for (const key of ['a', 'b', 'c']) ask(key)
    clock.runTo(60_000)
    const share = Math.min(Math.max(Math.ceil(rate / 4), 64 * 1024), 4 * MIB)
    expect(taken).toBeLessThanOrEqual(61 * rate + share)
    expect(taken).toBeGreaterThanOrEqual(Math.min(60 * rate, 59_000 * share))
  })

  it('serves in the order of asking, each once', () => {
    const { clock, queue } = queueOf(MIB)
    const order: string[] = []
    const go = (key: string) => (): boolean => order.push(key) > 0
    for (const key of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) queue.add(key, go(key))
    queue.remove('g')
    queue.add('f', go('f again'))
    clock.runTo(60_000)
    expect(order).toEqual(['a', 'b', 'c', 'd', 'e', 'f again', 'h'])
    expect(queue.size).toBe(0)
  })

  it('passes on a turn that is not used, and what a turn did not need', () => {
    const { queue } = queueOf(1)
    const order: string[] = []
    queue.add('a', () => order.push('a') > 0)
    queue.add('b', () => order.push('b') < 0)
    queue.add('c', () => order.push('c') > 0)
    expect(order).toEqual(['a'])
    queue.giveBack(64 * 1024)
    expect(order).toEqual(['a', 'b', 'c'])
  })

  it('lets all go when there is no limit any more', () => {
    const { settings, queue } = queueOf(1)
    const gone: string[] = []
    for (const key of ['a', 'b', 'c']) queue.add(key, () => gone.push(key) > 0)
    expect(gone).toEqual(['a'])
    settings.rate = 0
    queue.serve()
    expect(gone).toEqual(['a', 'b', 'c'])
  })
})
