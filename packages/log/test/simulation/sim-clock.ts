import type { Clock, Timer } from '@courant/kernel'

/** Time that passes only when a test says so. */
export class SimClock implements Clock {
  #ms = 1_700_000_000_000
  readonly #timers = new Map<object, { readonly dueMs: number; readonly callback: () => void }>()

  get timers(): number {
    return this.#timers.size
  }

  now(): number {
    return this.#ms
  }

  monotonicMs(): number {
    return this.#ms
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    const timer = { cancel: () => this.#timers.delete(timer) }
    this.#timers.set(timer, { dueMs: this.#ms + delayMs, callback })
    return timer
  }

  /** The process that set them is gone. */
  cancelAll(): void {
    this.#timers.clear()
  }

  /** Moves on, and calls what is due then. */
  advance(ms: number): void {
    this.#ms += ms
    for (const [timer, { dueMs, callback }] of [...this.#timers]) {
      if (dueMs > this.#ms) continue
      this.#timers.delete(timer)
      callback()
    }
  }
}
