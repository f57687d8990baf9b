import type { Clock, Timer } from '@courant/kernel'

interface Waiter {
  readonly version: number
  readonly timer: Timer
  resolve(reached: boolean): void
}

/**
 * Those who wait for a version, each with a deadline. Few at a time: creates that are about to
 * answer.
 */
export class VersionWaiters {
  readonly #clock: Clock
  readonly #waiters = new Set<Waiter>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  wait(version: number, timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = this.#clock.setTimer(timeoutMs, () => {
        this.#waiters.delete(waiter)
        resolve(false)
      })
      const waiter: Waiter = { version, timer, resolve }
      this.#waiters.add(waiter)
    })
  }

  reached(version: number): void {
    for (const waiter of this.#waiters) {
      if (waiter.version > version) continue
      this.#waiters.delete(waiter)
      waiter.timer.cancel()
      waiter.resolve(true)
    }
  }
}
