import type { Clock, Timer } from '@courant/kernel'

/** Time that passes when the test says so. */
export class ManualClock implements Clock {
  #nowMs = 0
  #timers: { readonly atMs: number; readonly callback: () => void }[] = []

  now(): number {
    return this.#nowMs
  }

  monotonicMs(): number {
    return this.#nowMs
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    const timer = { atMs: this.#nowMs + delayMs, callback }
    this.#timers.push(timer)
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== timer)
      },
    }
  }

  /** Calls each timer when its time has come, and lets what waits for it go on before the next. */
  async pass(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms
    while (true) {
      await new Promise((resolve) => setImmediate(resolve))
      const [next] = this.#timers.toSorted((a, b) => a.atMs - b.atMs)
      if (next === undefined || next.atMs > untilMs) break
      this.#nowMs = Math.max(this.#nowMs, next.atMs)
      this.#timers = this.#timers.filter((timer) => timer !== next)
      next.callback()
    }
    this.#nowMs = untilMs
  }
}
